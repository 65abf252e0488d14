"""A small town for the desk: three source systems, a pair that looks like twins, and stewards at the door."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from audit.actions import Action
from audit.models import AuditEvent
from matching.records import SSN_AUTHORITY, Address, Identifier, Name, PatientRecord, Telecom
from mpi.commands import Actor
from mpi.models import IdentityTask, PotentialMatch, SourceRecord, User
from mpi.services import dispatch
from mpi.services.systems import register_system
from mpi.services.upsert import upsert_record
from mpi.tasks import ingest_messages
from review.basis import basis_of

Tell = Callable[..., SourceRecord]
Token = Callable[[PotentialMatch], str]


def patient(system: str, mrn: str, **said: Any) -> PatientRecord:
    """A record as told; every value has a default that makes the records of one family alike."""
    value = {
        "family": "Holloway", "given": "Margaret", "middle": "", "suffix": "", "birth_date": "1971-03-09", "sex": "F",
        "street": "18 Orchard Lane", "city": "Concord", "state": "NH", "postal_code": "03301",
        "phone": "6035550141", "email": "", "ssn": "",
    } | said  # fmt: skip
    telecoms = [Telecom("phone", value["phone"])] if value["phone"] else []
    telecoms += [Telecom("email", value["email"])] if value["email"] else []
    ssn = (Identifier(SSN_AUTHORITY, value["ssn"], "SS"),) if value["ssn"] else ()
    return PatientRecord(
        source_system=system,
        mrn=mrn,
        names=(Name(value["family"], value["given"], value["middle"], value["suffix"]),),
        birth_date=value["birth_date"],
        sex=value["sex"],
        addresses=(Address(value["street"], value["city"], value["state"], value["postal_code"]),),
        telecoms=tuple(telecoms),
        identifiers=ssn,
    )


@pytest.fixture
def writer() -> Actor:
    """A client that may write records."""
    return Actor(kind="client", id="his", name="HIS", permissions=frozenset({"records.write"}), source="rest")


@pytest.fixture
def tell(system: Actor, writer: Actor) -> Tell:
    """Let a source system tell a record, through the same door as everybody."""
    named = {"GH": "General Hospital", "CN": "Clinic North", "LAB": "Riverside Lab"}
    for rank, (code, name) in enumerate(named.items()):
        register_system(code=code, name=name, rank=rank + 1, actor=system)

    def told(system_code: str, mrn: str, **said: Any) -> SourceRecord:
        result = upsert_record(record=patient(system_code, mrn, **said), source_time=None, actor=writer)
        assert result.standing is not None, result
        return SourceRecord.objects.get(pk=result.standing.record_id)

    return told


@pytest.fixture
def twins(tell: Tell) -> PotentialMatch:
    """Margaret of the General Hospital and the clinic, Marjorie of the laboratory: one house, one birth date."""
    tell("GH", "1001", middle="Ann", ssn="412-55-8801")
    tell("CN", "77", middle="Ann", ssn="412-55-8801")
    tell("LAB", "L-20817744", given="Marjorie", street="18 Orchard Ln", phone="6035550114")
    return PotentialMatch.objects.get(status="open")


def sign_in(username: str, role: str, name: str) -> Client:
    """A browser of a member of staff who is signed in."""
    user = User.objects.create(username=username, display_name=name)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def stefan(db: None) -> Client:
    """The browser of the `steward` of the cast."""
    return sign_in("stefan", "steward", "Stefan Weber")


@pytest.fixture
def sonja(db: None) -> Client:
    """The browser of the `second_steward`."""
    return sign_in("sonja", "steward", "Sonja Lindqvist")


@pytest.fixture
def token() -> Token:
    """What the page of a task carries: the basis of an answer, as of now."""

    def made(task: PotentialMatch) -> str:
        fresh = PotentialMatch.objects.select_related("golden_a", "golden_b", "model_version").get(pk=task.pk)
        return basis_of(fresh).token(shown_at=timezone.now())

    return made


def audited(action: Action, **where: Any) -> int:
    """How many audit events of an action there are."""
    return AuditEvent.objects.filter(action=action, **where).count()


@pytest.fixture
def town(twins: PotentialMatch, tell: Tell) -> Callable[[int], None]:
    """Open as many more questions as asked for."""

    families = ("Bergmann", "Okafor", "Delacroix", "Silva", "Tanaka", "Novak")
    streets = ("2 Mill Road", "94 Harbor View", "611 Quincy Avenue", "7 Tulip Court", "330 Kings Highway", "58 Elm")

    def grow(pairs: int) -> None:
        for number, (family, street) in enumerate(zip(families[:pairs], streets, strict=False)):
            same = {"family": family, "street": street, "sex": "M", "postal_code": f"0{number}{number}77"}
            same |= {
                "phone": f"2{number}75550{number}34",
                "birth_date": f"19{4 + number}{number}-0{number + 1}-1{number}",
            }
            tell("GH", f"2{number}", given="Robert", **same)
            tell("GH" if number % 2 else "CN", f"3{number}", given="Roland", **same)

    return grow


def plain(html: str) -> str:
    """The words of a page; a mark inside a value does not cut it."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"</?mark>", "", html)).split())


ROBERT = {
    "family": "Fielding", "given": "Robert", "birth_date": "1948-11-30", "sex": "M", "ssn": "219-44-7710",
    "street": "801 Kettering Boulevard", "city": "Toledo", "state": "OH", "postal_code": "43604", "phone": "4195550187",
}  # fmt: skip


@pytest.fixture
def trusted(tell: Tell) -> SourceRecord:
    """GH 1001 is Margaret, also known to the clinic."""
    tell("CN", "77", middle="Ann", ssn="412-55-8801")
    return tell("GH", "1001", middle="Ann", ssn="412-55-8801")


@pytest.fixture
def overlay(trusted: SourceRecord, tell: Tell) -> IdentityTask:
    """Then the General Hospital tells that its number 1001 is Robert."""
    tell("GH", "1001", **ROBERT)
    return IdentityTask.objects.get()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Any:
    """Hints go straight into the workers' task instead of over a broker; the commit is the test's to make."""
    hinted: list[list[int]] = []

    def take(message_ids: list[int]) -> None:
        hinted.append(message_ids)

    monkeypatch.setattr(dispatch, "_send", take)

    def work(act: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            answer = act()
        for message_ids in hinted:
            ingest_messages(message_ids)
        hinted.clear()
        return answer

    return work
