"""Newborns with their mother, named later; patients under an alias, identified later."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from matching.newborns import newborn_name
from matching.records import Address, Name, PatientRecord, Telecom
from mpi import codec
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Forbidden, InvalidInput, StaleVersion
from mpi.models import (
    AliasName,
    GoldenRecord,
    Link,
    PotentialMatch,
    Proposal,
    Registration,
    Relationship,
    Separation,
    SourceRecord,
)
from mpi.queries.registration import receipt
from mpi.queries.relationships import relatives_of
from mpi.queries.search import Query, find
from mpi.services import registration_identify
from mpi.services.proposal_decide import approve_proposal
from mpi.services.registration_alias import alias_given_name, allot_aliases, register_alias
from mpi.services.registration_identify import Identity, identify
from mpi.services.registration_later import name_newborn, tell_again
from mpi.services.registration_look import look
from mpi.services.registration_newborn import (
    Birth,
    Child,
    NewMother,
    given_of_newborn,
    record_family,
    register_newborns,
)
from mpi.services.upsert import UpsertResult, upsert_record
from mpi.services.vip import mark_vip
from tests.services.invariants import faults

pytestmark = pytest.mark.django_db


def marie(system: str = "", mrn: str = "") -> PatientRecord:
    return PatientRecord(
        source_system=system,
        mrn=mrn,
        names=(Name("Castellan", "Marie"),),
        birth_date="1994-05-17",
        sex="F",
        addresses=(Address("4 Harbor Street", "Dover", "NH", "03820"),),
        telecoms=(Telecom("phone", "6035550177"),),
    )


@pytest.fixture
def mother(system: Actor) -> GoldenRecord:
    upsert_record(record=marie("HIS", "M1"), source_time=None, actor=system)
    return GoldenRecord.objects.get()


def person_of(row: Registration) -> GoldenRecord:
    return GoldenRecord.objects.get(links__source_record__mrn=row.number, links__ended_at__isnull=True)


def names_of(row: Registration) -> tuple[Name, ...]:
    return codec.told_record(SourceRecord.objects.get(mrn=row.number)).names


@pytest.mark.parametrize(
    ("mothers", "sex", "order", "given"),
    [
        ("Marie", "F", 0, "GirlMarie"),
        ("Marie Anne", "M", 2, "Boy2Marie"),
        ("Zoë", "", 1, "Baby1Zoe"),
        ("", "M", 3, "BabyBoy3"),
        ("J", "F", 0, "BabyGirl"),
        ("", "", 0, "Baby"),
    ],
)
def test_a_newborn_is_called_after_its_mother(mothers: str, sex: str, order: int, given: str) -> None:
    assert given_of_newborn(mothers, sex, order) == given
    assert newborn_name(given) is not None


def test_twins_of_a_known_mother_are_related_and_never_one(clerk: Actor, mother: GoldenRecord) -> None:
    birth = Birth("2026-11-20", (Child("F"), Child("F")), mother_euid=mother.euid)
    form = uuid4()
    done = register_newborns(token=form, birth=birth, seen=(), actor=clerk)
    first, second = (row for row, _ in done)
    assert (first.birth_order, second.birth_order, first.settled_at) == (1, 2, None)
    assert names_of(second)[0].given == "Girl2Marie"
    assert {one.words for one in relatives_of(mother)} == {"child"}
    assert {one.words for one in relatives_of(person_of(first))} == {"mother", "twin or other multiple birth"}
    assert GoldenRecord.objects.filter(status="provisional").count() == 3
    assert not PotentialMatch.objects.filter(status="open").exists()
    again = register_newborns(token=form, birth=birth, seen=(), actor=clerk)
    assert [row.pk for row, _ in again] == [first.pk, second.pk]
    assert (Relationship.objects.count(), Separation.objects.count()) == (3, 3)
    assert faults() == {}


def test_a_new_mother_is_registered_with_her_child(clerk: Actor) -> None:
    birth = Birth("2026-11-20", (Child("M", given="Theo"),), new_mother=NewMother(marie()))
    (mother, _), (child, _) = register_newborns(token=uuid4(), birth=birth, seen=(), actor=clerk)
    child.refresh_from_db()
    assert (mother.kind, child.kind) == ("new", "newborn")
    assert child.mother_euid == person_of(mother).euid
    assert child.settled_at is not None
    assert [one.person.euid for one in relatives_of(person_of(child))] == [person_of(mother).euid]


def test_what_a_worker_applies_later_is_related_later(clerk: Actor, mother: GoldenRecord, monkeypatch: Any) -> None:
    birth = Birth("2026-11-20", (Child("F"), Child("M")), mother_euid=mother.euid)
    with monkeypatch.context() as patched:
        patched.setattr("mpi.services.registration_newborn._relate", lambda *_: None)  # as after a crash
        done = register_newborns(token=uuid4(), birth=birth, seen=(), actor=clerk)
    assert not receipt(done[0][0].uuid).related
    record_family(registration_uuid=done[0][0].uuid, actor=clerk)
    assert receipt(done[0][0].uuid).related
    record_family(registration_uuid=done[1][0].uuid, actor=clerk)
    assert Relationship.objects.count() == 3


def test_a_birth_without_a_mother_is_refused(clerk: Actor) -> None:
    with pytest.raises(InvalidInput):
        register_newborns(token=uuid4(), birth=Birth("2026-11-20", (Child("M"),)), seen=(), actor=clerk)


def test_a_newborn_gets_its_name_and_keeps_the_one_before(clerk: Actor, mother: GoldenRecord) -> None:
    birth = Birth("2026-11-20", (Child("F"),), mother_euid=mother.euid)
    ((row, _),) = register_newborns(token=uuid4(), birth=birth, seen=(), actor=clerk)
    with pytest.raises(StaleVersion):
        name_newborn(registration_uuid=row.uuid, given="Ida", version=9, actor=clerk)
    result = name_newborn(registration_uuid=row.uuid, given="Ida", version=1, actor=clerk)
    row.refresh_from_db()
    assert (result.outcome, bool(row.settled_at)) == ("updated", True)
    assert [(name.given, name.use) for name in names_of(row)] == [("Ida", "official"), ("GirlMarie", "old")]
    assert person_of(row).values["given_name"] == "Ida"
    assert faults() == {}


def test_names_of_the_pool_are_all_others_and_sound_unlike_their_neighbours() -> None:
    names = [alias_given_name(place) for place in range(1100)]
    assert len(set(names)) == 1100
    for one, other in pairwise(names):
        assert not set(one.split()[:2]) & set(other.split()[:2])


def test_an_alias_is_taken_from_the_pool_once_and_is_evidence_of_nobody(clerk: Actor, supervisor: Actor) -> None:
    with pytest.raises(Forbidden):
        allot_aliases(count=3, actor=clerk)
    aside = allot_aliases(count=3, actor=supervisor)
    form = uuid4()
    row, _ = register_alias(token=form, sex="M", actor=clerk)
    assert row.number == aside[0].number
    assert register_alias(token=form, sex="M", actor=clerk)[0].pk == row.pk
    other, _ = register_alias(token=uuid4(), sex="M", actor=clerk)
    assert person_of(row).pk != person_of(other).pk
    assert person_of(row).values["family_name"] == "Trauma"
    assert [hit.person.euid for hit in find(Query.named("Trauma", aside[0].given_name)).hits] == [person_of(row).euid]
    assert AliasName.objects.filter(registration__isnull=True).count() >= 18  # the pool was low and filled itself up
    assert not PotentialMatch.objects.exists()
    assert faults() == {}


def _identity(known: PatientRecord, actor: Actor, **told: str) -> tuple[Identity, list[str]]:
    seen = [one.golden for one in look(known, actor=actor)]
    euid = told.pop("euid", "")
    version = next((golden.version for golden in seen if golden.euid == euid), None)
    return Identity(known, euid, version, told.get("code", "documents-seen"), told.get("words", "")), [
        golden.euid for golden in seen
    ]


def test_an_identified_alias_becomes_one_with_the_person_it_is(
    clerk: Actor, steward: Actor, mother: GoldenRecord
) -> None:
    row, _ = register_alias(token=uuid4(), actor=clerk)
    alias = person_of(row)
    identity, seen = _identity(marie(), steward, euid=mother.euid)
    done = identify(registration_uuid=row.uuid, identity=identity, seen=seen, version=1, actor=steward)
    alias.refresh_from_db()
    assert done.merged is not None
    assert (alias.status, alias.merged_into_id) == ("merged", mother.pk)
    assert not Separation.objects.exists()
    mother.refresh_from_db()
    assert (mother.values["family_name"], mother.values.get("previous_family_name")) == ("Castellan", None)
    assert [name.use for name in names_of(row)] == ["official", "alias"]
    with pytest.raises(AlreadyDecided):
        identify(registration_uuid=row.uuid, identity=identity, seen=seen, version=2, actor=steward)
    assert faults() == {}


def test_two_who_identify_one_patient_at_once_do_not_make_one_of_two_others(
    clerk: Actor, steward: Actor, second_steward: Actor, mother: GoldenRecord, system: Actor, monkeypatch
) -> None:
    elsewhere = (Address("77 Sycamore Road", "Fresno", "CA", "93701"),)
    namesake = replace(marie("HIS", "M2"), addresses=elsewhere, telecoms=())  # a namesake of the same day
    upsert_record(record=namesake, source_time=None, actor=system)
    other = GoldenRecord.objects.exclude(pk=mother.pk).get()
    row, _ = register_alias(token=uuid4(), actor=clerk)
    first, first_seen = _identity(marie(), steward, euid=mother.euid)
    second, second_seen = _identity(replace(namesake, source_system="", mrn=""), second_steward, euid=other.euid)

    def meanwhile(*told: Any) -> UpsertResult:
        """Both have looked; before what the second one sends is stored, the first one is done."""
        monkeypatch.undo()
        identify(registration_uuid=row.uuid, identity=first, seen=first_seen, version=None, actor=steward)
        return tell_again(*told)

    monkeypatch.setattr(registration_identify, "tell_again", meanwhile)
    with pytest.raises(AlreadyDecided):
        identify(
            registration_uuid=row.uuid, identity=second, seen=second_seen, version=1, actor=second_steward
        )  # fmt: skip
    other.refresh_from_db()
    mother.refresh_from_db()
    assert person_of(row).pk == mother.pk
    assert "merged" not in (mother.status, other.status)


def test_policy_asks_a_second_person_for_whom_an_alias_is_merged_into(
    clerk: Actor, steward: Actor, second_steward: Actor, supervisor: Actor, mother: GoldenRecord
) -> None:
    mark_vip(euid=mother.euid, reason="Well known here", actor=supervisor)
    mother.refresh_from_db()
    row, _ = register_alias(token=uuid4(), actor=clerk)
    identity, seen = _identity(marie(), steward, euid=mother.euid)
    done = identify(registration_uuid=row.uuid, identity=identity, seen=seen, version=1, actor=steward)
    assert (done.merged, done.proposed) == (None, True)
    approve_proposal(uuid=Proposal.objects.get().uuid, reason="Asked the ward", actor=second_steward)
    assert person_of(row).pk == mother.pk


def test_whoever_may_not_merge_asks_a_steward(clerk: Actor, mother: GoldenRecord) -> None:
    row, _ = register_alias(token=uuid4(), actor=clerk)
    identity, seen = _identity(marie(), clerk, euid=mother.euid)
    done = identify(registration_uuid=row.uuid, identity=identity, seen=seen, version=1, actor=clerk)
    assert (done.merged, done.asked) == (None, True)
    question = PotentialMatch.objects.get(status="open")
    assert {question.golden_a_id, question.golden_b_id} == {mother.pk, person_of(row).pk}
    link = Link.objects.get(source_record__mrn=row.number, ended_at__isnull=True)
    assert (link.by_human, link.opened_by_event.actor_id) == (True, clerk.id)
    assert faults() == {}


def test_an_identified_alias_may_be_nobody_who_is_known(clerk: Actor, mother: GoldenRecord) -> None:
    row, _ = register_alias(token=uuid4(), actor=clerk)
    identity, seen = _identity(marie(), clerk, code="namesake")
    done = identify(registration_uuid=row.uuid, identity=identity, seen=seen, version=1, actor=clerk)
    assert done.merged is None
    assert person_of(row).pk != mother.pk
    assert person_of(row).values["family_name"] == "Castellan"
