"""A busy random history, and the snapshots that a test keeps of it while it runs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from mpi import codec
from mpi.commands import Actor
from mpi.errors import MpiError
from mpi.models import EventKind, GoldenOverride, GoldenRecord, IdentityEvent, Link
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records
from mpi.services.override import lift_value, set_value
from mpi.services.override_expiry import expire_overrides
from mpi.services.separate import separate
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.verify import verify_golden_record
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, MARGARET, MARJORIE, take_back, tell

SYSTEMS = ("HIS", "LAB", "PORTAL", "CLINIC")
PEOPLE = (KATHERINE, MARCUS, ESTEBAN, MARGARET, MARJORIE)
_CHANGES: tuple[Mapping[str, str], ...] = (
    {},
    {"street": "9 Linden Way"},
    {"phone": "937-555-0199"},
    {"email": "new@example.org"},
    {"middle_name": "Jo"},
    {"ssn": ""},
)

Snapshot = dict[str, dict[str, Any]]


def now() -> datetime:
    """The clock by which the index writes down when something happened."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def shown(row: Any, euids: Mapping[int, str]) -> dict[str, Any]:
    """What is asked of a golden record, of today or of then."""
    return {
        "status": str(row.status),
        "version": row.version,
        "verified": row.verified,
        "member_count": row.member_count,
        "survivor": euids[row.merged_into_id] if row.merged_into_id else None,
        "values": codec.golden_values(row),
        "provenance": row.provenance,
    }


def told(record: Any) -> tuple[object, ...]:
    """What is asked of a member."""
    return record.source_system.code, record.mrn, record.version, str(record.state), record.told


def snapshot() -> Snapshot:
    """Every golden record with its members, read from the tables of the present."""
    euids = dict(GoldenRecord.objects.values_list("pk", "euid"))
    kept = {golden.euid: {**shown(golden, euids), "members": []} for golden in GoldenRecord.objects.all()}
    links = Link.objects.filter(ended_at__isnull=True).select_related("source_record__source_system").order_by("pk")
    for link in links:
        kept[euids[link.golden_record_id]]["members"].append(told(link.source_record))
    return kept


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which nothing happened, and what stood in it."""

    begins: datetime
    ends: datetime
    stood: Snapshot

    def any_instant(self, chance: random.Random) -> datetime:
        return self.begins + chance.random() * (self.ends - self.begins)


@dataclass(slots=True)
class BusyHistory:
    """Acts and messages by dice; after each the test looks at the index and keeps what it sees."""

    chance: random.Random
    actor: Actor
    spans: list[Span] = field(default_factory=list)
    done: int = 0
    refused: int = 0

    def run(self, acts: int) -> None:
        begins, stood = now(), snapshot()
        kinds = (*([self.message] * 6), self.leave, self.merge, self.merge, self.undo, self.undo, self.unmerge)
        kinds += (self.link, self.unlink, self.verify, self.separate, self.override, self.override, self.lift)
        kinds += (self.expire,)
        for _ in range(acts):
            self.spans.append(Span(begins, now(), stood))
            try:
                self.chance.choice(kinds)()
                self.done += 1
            except (MpiError, IndexError):
                self.refused += 1  # an undo that contradicts a later act, a pair that is kept apart
            begins, stood = now(), snapshot()
        self.spans.append(Span(begins, now(), stood))

    def live(self) -> list[GoldenRecord]:
        found = list(GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).order_by("pk"))
        self.chance.shuffle(found)
        return found

    def message(self) -> None:
        system, number = self.chance.choice(SYSTEMS), self.chance.randrange(len(PEOPLE) * 2)
        tell(system, str(number), PEOPLE[number % len(PEOPLE)], **self.chance.choice(_CHANGES))

    def leave(self) -> None:
        take_back(self.chance.choice(SYSTEMS), str(self.chance.randrange(len(PEOPLE) * 2)))

    def merge(self) -> None:
        one, other = self._two()
        merge_golden_records(
            survivor_euid=one.euid,
            retired_euid=other.euid,
            versions={},
            reason_code="slip",
            reason="",
            actor=self.actor,
        )

    def undo(self) -> None:
        undo_event(event_uuid=self._event(), reason="a slip", actor=self.actor)

    def unmerge(self) -> None:
        merges = IdentityEvent.objects.filter(kind__in=(EventKind.MERGE, EventKind.JOIN), undone_by=None)
        event = self.chance.choice(list(merges.order_by("-pk")[:4]))
        unmerge_golden_records(event_uuid=event.uuid, reason_code="wrong-merge", reason="", actor=self.actor)

    def link(self) -> None:
        link = self._link()
        link_record(
            record_id=link.source_record_id,
            euid=self.live()[0].euid,
            version=None,
            reason_code="slip",
            reason="",
            actor=self.actor,
        )

    def unlink(self) -> None:
        unlink_record(record_id=self._link().source_record_id, reason_code="slip", reason="", actor=self.actor)

    def verify(self) -> None:
        golden = self.live()[0]
        verify_golden_record(euid=golden.euid, version=golden.version, reason="seen", actor=self.actor)

    def separate(self) -> None:
        one, other = self._two()
        separate(euid_a=one.euid, euid_b=other.euid, reason_code="namesake", reason="", actor=self.actor)

    def override(self) -> None:
        field, value = self.chance.choice((("sex", "O"), ("phone", "419-555-0199"), ("ssn", "536-22-8199")))
        until = now() + timedelta(days=1) if self.chance.random() < 0.5 else None
        told = {"field": field, "value": value, "reason": "seen", "version": None, "expires_at": until}
        set_value(euid=self.live()[0].euid, actor=self.actor, **told)

    def lift(self) -> None:
        row = self.chance.choice(list(GoldenOverride.objects.filter(ended_at=None).order_by("pk")))
        euid = GoldenRecord.objects.get(pk=row.golden_record_id).euid
        lift_value(euid=euid, field=row.field, reason="no longer", version=None, actor=self.actor)

    def expire(self) -> None:
        """A day passes in a moment."""
        GoldenOverride.objects.filter(ended_at=None, expires_at__isnull=False).update(expires_at=now())
        expire_overrides()

    def _two(self) -> tuple[GoldenRecord, GoldenRecord]:
        live = self.live()
        return live[0], live[1]

    def _link(self) -> Link:
        return self.chance.choice(list(Link.objects.filter(ended_at__isnull=True).order_by("pk")))

    def _event(self) -> object:
        events = list(IdentityEvent.objects.filter(actor_kind="user", undone_by=None).order_by("-pk")[:5])
        return self.chance.choice(events).uuid
