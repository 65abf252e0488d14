"""Clerks who press at the same moment: a form registers once, a name of the pool is given once, a person is one."""

from __future__ import annotations

from uuid import uuid4

import pytest

from matching.records import Address, Name, PatientRecord
from mpi.commands import Actor
from mpi.models import AliasName, GoldenRecord, Registration, SourceRecord
from mpi.services.registration import register_new
from mpi.services.registration_alias import register_alias
from mpi.services.registration_begin import registration_system
from tests.concurrency.racing import Racers
from tests.services.invariants import faults

pytestmark = pytest.mark.django_db(transaction=True)

RUTH = PatientRecord(
    source_system="",
    mrn="",
    names=(Name("Castellan", "Ruth"),),
    birth_date="1988-04-21",
    sex="F",
    addresses=(Address("4 Harbor Street", "Dover", "NH", "03820"),),
)


def test_one_form_sent_four_times_at_once_registers_once(racers: Racers, clerk: Actor) -> None:
    form = uuid4()
    done = racers.race([lambda: register_new(token=form, record=RUTH, seen=(), actor=clerk)] * 4)
    assert len({row.number for row, _ in done}) == 1
    assert (SourceRecord.objects.count(), GoldenRecord.objects.count()) == (1, 1)


def test_four_unknown_patients_at_once_get_four_names(racers: Racers, clerk: Actor) -> None:
    registration_system()
    done = racers.race([lambda: register_alias(token=uuid4(), actor=clerk)] * 4)
    assert len({row.number for row, _ in done}) == 4
    assert AliasName.objects.filter(registration__isnull=False).count() == 4
    assert GoldenRecord.objects.count() == 4
    assert faults() == {}


def test_two_clerks_who_register_one_new_patient_make_one_person(racers: Racers, clerk: Actor) -> None:
    registration_system()
    done = racers.race([lambda: register_new(token=uuid4(), record=RUTH, seen=(), actor=clerk)] * 2)
    registered = [one for one in done if not isinstance(one, Exception)]  # who comes later may be told to look again
    assert registered
    assert Registration.objects.count() == len(registered)
    assert GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).count() == 1
