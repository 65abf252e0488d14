"""A small index for the pages: two source systems, people whose records link, and one open question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from matching.records import SSN_AUTHORITY, Address, Identifier, Name, PatientRecord, Telecom
from mpi.commands import Actor
from mpi.models import GoldenRecord, Link, SourceRecord, User
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
PASSWORD = "correct horse battery"  # a test's own


def told(system: str, mrn: str, *, given: str = "Margaret", family: str = "Holloway", **other: str) -> PatientRecord:
    """One record as a source tells it."""
    ssn = other.get("ssn", "")
    return PatientRecord(
        source_system=system,
        mrn=mrn,
        names=(Name(family=family, given=given, middle=other.get("middle", "Ann")),),
        birth_date=other.get("birth_date", "1971-03-09"),
        sex=other.get("sex", "F"),
        addresses=(
            Address(street=other.get("street", "18 Orchard Ln"), city="Concord", state="NH", postal_code="03301"),
        ),
        telecoms=(Telecom("phone", other.get("phone", "603-555-0141")),),
        identifiers=(Identifier(SSN_AUTHORITY, ssn, "SS"),) if ssn else (),
    )


@dataclass(frozen=True, slots=True)
class People:
    """The golden records of the small index; `margaret` has two source records, `marjorie` is alike but another."""

    margaret: GoldenRecord
    marjorie: GoldenRecord
    record: SourceRecord


@pytest.fixture
def people(db: None, his_client: Actor, system: Actor) -> People:
    """Margaret at two sources (linked by the engine) and a like record that the engine does not link by itself."""
    for rank, (code, name) in enumerate((("GENHOSP", "General Hospital"), ("CLINIC", "Clinic North")), 1):
        register_system(code=code, name=name, rank=rank, actor=system)
    for record in (
        told("GENHOSP", "GH-4711", ssn="412558801"),
        told("CLINIC", "CN-0815", ssn="412558801", phone="603-555-0114"),
        told("GENHOSP", "GH-9999", given="Marjorie", middle=""),
    ):
        upsert_record(record=record, source_time=None, actor=his_client)
    links = Link.objects.filter(ended_at__isnull=True).select_related("golden_record", "source_record")
    by_number = {link.source_record.mrn: link for link in links}
    margaret, marjorie = (by_number[mrn].golden_record for mrn in ("GH-4711", "GH-9999"))
    return People(margaret, marjorie, by_number["CN-0815"].source_record)


@pytest.fixture
def sign_in(db: None) -> Callable[[str], Client]:
    """A browser of its own signed in with one role."""

    def signed_in(role: str) -> Client:
        user = User.objects.create_user(username=role.split()[0], password=PASSWORD, display_name=role.title())
        user.groups.add(Group.objects.get(name=role))
        browser = Client()
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return signed_in
