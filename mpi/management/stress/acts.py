"""Random acts of a steward, mostly on the same few golden records, so that workers meet."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from mpi.commands import Actor
from mpi.errors import SecondPersonNeeded
from mpi.management.stress.by_two import alone_or_by_two
from mpi.models import (
    LIVE_STATUSES,
    MERGES,
    EventKind,
    GoldenOverride,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    Link,
    PotentialMatch,
    Relationship,
    Separation,
    SourceMerge,
    SourceRecord,
    TaskType,
)
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records
from mpi.services.overlay import decide_overlay
from mpi.services.overlay_split import split_overlay
from mpi.services.override import lift_value, set_value
from mpi.services.override_expiry import expire_overrides
from mpi.services.proposal_acts import (
    ProposedAct,
    ProposedAnswer,
    ProposedLink,
    ProposedMerge,
    ProposedSplit,
    ProposedUndo,
    ProposedUnlink,
    ProposedUnmerge,
    Why,
)
from mpi.services.relationship import relate, unrelate
from mpi.services.resolve import Answer, resolve_potential_match
from mpi.services.retire import retire_golden_record
from mpi.services.separate import lift_separation, separate
from mpi.services.source_merge import merge_source_records
from mpi.services.source_unmerge import unmerge_source_records
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.verify import verify_golden_record

_FEW = 40
"""Golden records that acts prefer: the oldest ones."""
_RECENT = 60
_OF_ONE_SYSTEM = 400


@dataclass(slots=True)
class Acts:
    """The acts of one worker. Each returns False where there was nothing to act upon, and raises what it is refused."""

    chance: random.Random
    actor: Actor

    @property
    def _why(self) -> dict[str, Any]:
        return {"reason_code": "slip", "reason": "stress", "actor": self.actor}

    def link(self) -> bool:
        """A record to somebody else."""
        golden, link = self._golden(), self._link()
        if golden is None or link is None:
            return False
        version = golden.version if self.chance.random() < 0.5 else None
        told: dict[str, Any] = {"record_id": link.source_record_id, "euid": golden.euid, "version": version}
        self._by_two(lambda: link_record(**told, **self._why), ProposedLink(**told))
        return True

    def unlink(self) -> bool:
        """A record to nobody."""
        link = self._link()
        if link is None:
            return False
        act = ProposedUnlink(link.source_record_id)
        self._by_two(lambda: unlink_record(record_id=link.source_record_id, **self._why), act)
        return True

    def merge(self) -> bool:
        """Two golden records into one."""
        one, other = self._golden(), self._golden()
        if one is None or other is None:
            return False
        versions = {golden.euid: golden.version for golden in (one, other)} if self.chance.random() < 0.5 else {}
        told: dict[str, Any] = {"survivor_euid": one.euid, "retired_euid": other.euid, "versions": versions}
        self._by_two(lambda: merge_golden_records(**told, **self._why), ProposedMerge(**told))
        return True

    def undo(self) -> bool:
        """A recent act, of whomever."""
        event = self._event(list(EventKind.values))
        if event is None:
            return False
        act = ProposedUndo(str(event.uuid))
        self._by_two(lambda: undo_event(event_uuid=event.uuid, reason="stress", actor=self.actor), act)
        return True

    def unmerge(self) -> bool:
        """A recent merge."""
        event = self._event(sorted(map(str, MERGES)))
        if event is None:
            return False
        act = ProposedUnmerge(str(event.uuid))
        self._by_two(lambda: unmerge_golden_records(event_uuid=event.uuid, **self._why), act)
        return True

    def separate(self) -> bool:
        """Two golden records for good."""
        one, other = self._golden(), self._golden()
        if one is None or other is None:
            return False
        separate(euid_a=one.euid, euid_b=other.euid, **self._why)
        return True

    def lift(self) -> bool:
        """A separation."""
        found = Separation.objects.filter(lifted_at__isnull=True).order_by("-id")[:_RECENT]
        separation = self._one_of(list(found))
        if separation is None:
            return False
        lift_separation(separation_uuid=separation.uuid, reason="stress", actor=self.actor)
        return True

    def relate(self) -> bool:
        """Two golden records, as mother and child or as twins."""
        one, other = self._golden(), self._golden()
        if one is None or other is None:
            return False
        kind = self.chance.choice(("mother", "guardian", "twin"))
        relate(from_euid=one.euid, to_euid=other.euid, kind=kind, reason="stress", actor=self.actor)
        return True

    def unrelate(self) -> bool:
        """A relationship ends."""
        found = self._one_of(list(Relationship.objects.filter(ended_at__isnull=True).order_by("-id")[:_RECENT]))
        if found is None:
            return False
        unrelate(relationship_uuid=found.uuid, reason="stress", actor=self.actor)
        return True

    def verify(self) -> bool:
        """A golden record as it is seen."""
        golden = self._golden()
        if golden is None:
            return False
        verify_golden_record(euid=golden.euid, version=golden.version, reason="stress", actor=self.actor)
        return True

    def resolve(self) -> bool:
        """A potential match, either way."""
        match = self._one_of(list(PotentialMatch.objects.filter(status="open").order_by("id")[:_FEW]))
        if match is None:
            return False
        outcome: Answer = self.chance.choice(("same", "different"))
        told: dict[str, Any] = {"outcome": outcome, "version": match.version}
        act = ProposedAnswer(str(match.uuid), versions={}, **told)
        self._by_two(lambda: resolve_potential_match(uuid=match.uuid, **told, **self._why), act)
        return True

    def overlay(self) -> bool:
        """An update that looks like another person: the same one, another one, or another one from then on."""
        task = self._one_of(list(IdentityTask.objects.filter(type=TaskType.OVERLAY, status="open")[:_FEW]))
        if task is None:
            return False
        answer = self.chance.choice(("accept", "reject", "split"))
        if answer == "split":
            act = ProposedSplit(str(task.uuid))
            self._by_two(lambda: split_overlay(task_uuid=task.uuid, reason="stress", actor=self.actor), act)
        else:
            decide_overlay(task_uuid=task.uuid, accept=answer == "accept", reason="stress", actor=self.actor)
        return True

    def retire(self) -> bool:
        """A golden record is served no longer."""
        golden = self._golden()
        if golden is None:
            return False
        retire_golden_record(euid=golden.euid, version=golden.version, **self._why)
        return True

    def merge_numbers(self) -> bool:
        """One system says that two of its numbers are one; where policy asks two people for it, nothing is done."""
        records = SourceRecord.objects.filter(state="active").select_related("source_system").order_by(self._side())
        one = self._one_of(list(records[:_FEW]))
        if one is None:
            return False
        other = self.chance.choice(records.filter(source_system=one.source_system)[:_OF_ONE_SYSTEM])
        code = one.source_system.code
        try:
            merge_source_records(system=code, survivor_mrn=one.mrn, subsumed_mrn=other.mrn, **self._why)
        except SecondPersonNeeded:
            return False
        return True

    def unmerge_numbers(self) -> bool:
        """The system takes that back."""
        merges = SourceMerge.objects.filter(ended_at__isnull=True).select_related("subsumed__source_system")
        merge = self._one_of(list(merges.order_by("-id")[:_FEW]))
        if merge is None:
            return False
        record = merge.subsumed
        unmerge_source_records(system=record.source_system.code, subsumed_mrn=record.mrn, **self._why)
        return True

    def override(self) -> bool:
        """A golden value as a steward knows it, for ever or for a short while."""
        golden = self._golden()
        if golden is None:
            return False
        field, value = self.chance.choice((("sex", "O"), ("phone", "419-555-0199"), ("ssn", "536-22-8199")))
        until = timezone.now() + timedelta(seconds=self.chance.uniform(1, 60)) if self.chance.random() < 0.5 else None
        version = golden.version if self.chance.random() < 0.5 else None
        told = {"euid": golden.euid, "field": field, "value": value, "reason": "stress"}
        set_value(**told, version=version, expires_at=until, actor=self.actor)
        return True

    def lift_override(self) -> bool:
        """The value is for the sources again."""
        standing = GoldenOverride.objects.filter(ended_at__isnull=True).select_related("golden_record")
        row = self._one_of(list(standing.order_by("-id")[:_FEW]))
        if row is None:
            return False
        lift_value(euid=row.golden_record.euid, field=row.field, reason="stress", version=None, actor=self.actor)
        return True

    def expire(self) -> bool:
        """What beat does: values whose while is over."""
        return bool(expire_overrides())

    def all(self) -> dict[str, Callable[[], bool]]:
        """Every act by its name."""
        return {
            "link": self.link,
            "unlink": self.unlink,
            "merge": self.merge,
            "undo": self.undo,
            "unmerge": self.unmerge,
            "separate": self.separate,
            "lift": self.lift,
            "relate": self.relate,
            "unrelate": self.unrelate,
            "verify": self.verify,
            "resolve": self.resolve,
            "decide overlay": self.overlay,
            "retire": self.retire,
            "merge numbers": self.merge_numbers,
            "unmerge numbers": self.unmerge_numbers,
            "override": self.override,
            "lift override": self.lift_override,
            "expire": self.expire,
        }

    def _by_two(self, do: Callable[[], object], act: ProposedAct) -> None:
        alone_or_by_two(do, act, Why("slip", "stress"), self.actor)

    def _golden(self) -> GoldenRecord | None:
        live = GoldenRecord.objects.filter(status__in=LIVE_STATUSES)
        found: GoldenRecord | None = self._one_of(list(live.order_by(self._side())[:_FEW]))
        return found

    def _link(self) -> Link | None:
        standing = Link.objects.filter(ended_at__isnull=True)
        found: Link | None = self._one_of(list(standing.order_by(self._side())[:_FEW]))
        return found

    def _event(self, kinds: list[str]) -> IdentityEvent | None:
        events = IdentityEvent.objects.filter(kind__in=kinds)
        if self.chance.random() < 0.8:
            events = events.filter(actor_kind="user")
        found: IdentityEvent | None = self._one_of(list(events.order_by("-id")[:_RECENT]))
        return found

    def _side(self) -> str:
        return "id" if self.chance.random() < 0.7 else "-id"

    def _one_of(self, found: list[Any]) -> Any:
        return self.chance.choice(found) if found else None
