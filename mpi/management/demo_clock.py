"""What the steps of the demonstration's story share: who acts, the time of a step, and what sources tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from mpi.access import ROLES
from mpi.commands import Actor, UpsertRecord, system_actor
from mpi.errors import NotFound
from mpi.management.demo_people import Told
from mpi.models import GoldenRecord, InboundMessage, MessageState, PotentialMatch
from mpi.services.clock import behind
from mpi.services.ingest import ingest
from mpi.services.receive import Draft, command_payload, receive_many

PEOPLE = {
    "clerk": ("Carla Clerk", "clerk"),
    "steward": ("Stefan Steward", "steward"),
    "steward2": ("Sonja Steward", "steward"),
    "steward3": ("Samuel Steward", "steward"),
    "supervisor": ("Susan Supervisor", "supervisor"),
    "compliance": ("Aisha Auditor", "compliance officer"),
    "admin": ("Adam Admin", "administrator"),
}
"""User name to display name and role, of everybody who can sign in to the demonstration."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened at a time."""

    at: datetime
    act: Callable[[], object]


def person(username: str) -> Actor:
    """One of PEOPLE at a page."""
    name, role = PEOPLE[username]
    return Actor(kind="user", id=username, name=name, permissions=ROLES[role], source="web")


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Acts within happen at `moment`, which has passed."""
    with behind(max(timezone.now() - moment, timedelta(0))):
        yield


def tell(told: Sequence[Told]) -> None:
    """Sources tell these records, in this order, through the same door as everybody."""
    actor = system_actor("demo", source="command")
    drafts = [Draft("rest", command_payload(UpsertRecord(one.record(), None)), one.system, one.mrn) for one in told]
    ingest(message_ids=[receipt.message_id for receipt in receive_many(drafts, actor=actor)])


def catch_up() -> None:
    """Apply what an answer has set free, as a worker would have done at that time."""
    free = InboundMessage.objects.filter(state=MessageState.RECEIVED).order_by("pk").values_list("pk", flat=True)
    if waiting := list(free):
        ingest(message_ids=waiting)


def owner(told: Told) -> GoldenRecord:
    """Whose record it is now. Raises NotFound."""
    found = GoldenRecord.objects.filter(
        links__ended_at__isnull=True,
        links__source_record__source_system__code=told.system,
        links__source_record__mrn=told.mrn,
    ).first()
    if found is None:
        raise NotFound("This record of the demonstration belongs to nobody.")
    return found


def question(told: Told) -> PotentialMatch | None:
    """The open question that rests on this record."""
    of_record = {"source_system__code": told.system, "mrn": told.mrn}
    sides = [Q(**{f"{side}__{name}": value for name, value in of_record.items()}) for side in ("record_a", "record_b")]
    found = PotentialMatch.objects.filter(sides[0] | sides[1], status="open")
    with_sides = found.select_related("golden_a", "golden_b", "model_version")
    return with_sides.defer("model_version__document").first()


def days(count: float) -> timedelta:
    """So many days."""
    return timedelta(days=count)
