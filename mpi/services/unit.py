"""The unit of work: every change of identity in one transaction, written once, with nothing forgotten.

Services say what happens (a link opens, a golden record is merged); `flush` recomputes the golden records
touched and writes rows, history, audit, identity events and outbox together, for a batch as for a steward.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from audit.actions import Action
from audit.uuid7 import uuid7
from mpi.access import golden_subject
from mpi.euid import new_euid
from mpi.models import (
    EventKind,
    GoldenRecord,
    GoldenStatus,
    IdentityEvent,
    Link,
    LinkOrigin,
    PotentialMatch,
    PotentialMatchStatus,
    Separation,
    SeparationPair,
    SourceRecord,
)
from mpi.services.golden import Heard, recompute
from mpi.services.rows import new_row
from mpi.services.unit_states import golden_state, match_state
from mpi.services.writing import Writing


@dataclass(slots=True)
class UnitOfWork(Writing):
    """Collects the changes of one transaction. Create it after the locks; call `flush` once at the end."""

    records: dict[int, SourceRecord] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)
    _touched: set[int] = field(default_factory=set)
    _created: set[int] = field(default_factory=set)
    _merged_by: dict[int, int] = field(default_factory=dict)

    # -- identity ------------------------------------------------------------------------------

    def event(
        self, kind: EventKind, *, reason_code: str = "", reason: str = "", undoes: IdentityEvent | None = None
    ) -> IdentityEvent:
        """A new identity event; what happens under it is collected in its payload."""
        event = new_row(
            IdentityEvent,
            id=self.new_id(IdentityEvent),
            uuid=uuid7(),
            kind=kind,
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            actor_name=self.actor.name,
            reason_code=reason_code,
            reason=reason,
            golden_record_ids=[],
            payload={
                "links_ended": [],
                "links_opened": [],
                "golden_records": {},
                "potential_matches": {},
                "separations": [],
            },
            undoes_id=undoes.pk if undoes else None,
            correlation_id=self.actor.correlation_id,
            recorded_at=self.recorded_at,
        )
        self.insert(event)
        return event

    def create_golden_record(self, event: IdentityEvent, *, pk: int | None = None) -> GoldenRecord:
        """A new provisional golden record without members yet; `pk` is a key taken by `new_id` before."""
        golden = new_row(
            GoldenRecord,
            id=pk or self.new_id(GoldenRecord),
            euid=new_euid(),
            status=GoldenStatus.PROVISIONAL,
            version=0,
            values={},
            provenance={},
            created_at=self.recorded_at,
            recorded_at=self.recorded_at,
        )
        self.golden_records[golden.pk] = golden
        self._created.add(golden.pk)
        self.insert(golden)
        self.touch(event, golden)
        self.notify("golden.created", golden)
        return golden

    def touch(self, event: IdentityEvent, golden: GoldenRecord) -> None:
        """The event concerns this golden record: its state before is kept, its values are recomputed."""
        self.golden_records.setdefault(golden.pk, golden)
        self._touched.add(golden.pk)
        if golden.pk not in event.golden_record_ids:
            event.golden_record_ids.append(golden.pk)
            event.payload["golden_records"][golden.pk] = {"before": golden_state(golden), "after": {}}

    def touch_values(self, golden: GoldenRecord) -> None:
        """A member tells something new: the values are recomputed, the identity stays."""
        self.golden_records.setdefault(golden.pk, golden)
        self._touched.add(golden.pk)

    def links_opened(self, event: IdentityEvent) -> list[Link]:
        """Links opened by this event so far."""
        opened_by = event.pk
        return [link for link in self._new.get(Link, {}).values() if link.opened_by_event_id == opened_by]

    def members_of(self, golden_ids: Collection[int]) -> set[int]:
        """Source records with an open link to these golden records, the changes of this unit included."""
        standing = Link.objects.filter(golden_record__in=list(golden_ids), ended_at__isnull=True)
        ended = set(self._changed.get(Link, {}))
        members = {link.source_record_id for link in standing if link.pk not in ended}
        return members | {link.source_record_id for link in self._fresh_links() if link.golden_record_id in golden_ids}

    def _fresh_links(self) -> list[Link]:
        return [link for link in self._new.get(Link, {}).values() if link.ended_at is None]

    def owners_of(self, record_ids: Iterable[int]) -> dict[int, int]:
        """The golden record of each linked source record, likewise."""
        wanted = set(record_ids)
        standing = Link.objects.filter(source_record__in=wanted, ended_at__isnull=True)
        ended = set(self._changed.get(Link, {}))
        owners = {link.source_record_id: link.golden_record_id for link in standing if link.pk not in ended}
        fresh = (link for link in self._fresh_links() if link.source_record_id in wanted)
        return owners | {link.source_record_id: link.golden_record_id for link in fresh}

    def open_link(
        self,
        event: IdentityEvent,
        record_id: int,
        golden: GoldenRecord,
        *,
        origin: LinkOrigin,
        by_human: bool = False,
        supporting_record_id: int | None = None,
        decision_id: int | None = None,
        model_version_id: int | None = None,
    ) -> Link:
        """The record belongs to the golden record from now on."""
        self.touch(event, golden)
        link = new_row(
            Link,
            id=self.new_id(Link),
            source_record_id=record_id,
            golden_record_id=golden.pk,
            origin=origin,
            by_human=by_human,
            supporting_record_id=supporting_record_id,
            decision_id=decision_id,
            model_version_id=model_version_id,
            opened_by_event_id=event.pk,
            opened_at=self.recorded_at,
        )
        self.insert(link)
        event.payload["links_opened"].append(link.pk)
        return link

    def end_link(self, event: IdentityEvent, link: Link, golden: GoldenRecord) -> None:
        """The record does not belong to the golden record any more."""
        self.touch(event, golden)
        link.ended_at = self.recorded_at
        link.ended_by_event_id = event.pk
        self.change(link)
        event.payload["links_ended"].append(link.pk)

    def move_link(self, event: IdentityEvent, link: Link, giver: GoldenRecord, taker: GoldenRecord) -> Link:
        """End the link and open one like it elsewhere: who supports it and who decided it stay known."""
        self.end_link(event, link, giver)
        return self.open_link(
            event,
            link.source_record_id,
            taker,
            origin=LinkOrigin.UNDO if event.undoes_id else LinkOrigin.MERGE,
            by_human=link.by_human or (self.actor.is_human and event.undoes_id is None),
            supporting_record_id=link.supporting_record_id,
            decision_id=link.decision_id,
            model_version_id=link.model_version_id,
        )

    def merge(self, event: IdentityEvent, retired: GoldenRecord, survivor: GoldenRecord, links: Iterable[Link]) -> None:
        """Retire one golden record into another; its open links move. Who was vouched for stays vouched for."""
        for link in links:
            self.move_link(event, link, retired, survivor)
        self.touch(event, retired)
        self.touch(event, survivor)
        self._merged_by[retired.pk] = event.pk
        retired.status = GoldenStatus.MERGED
        retired.merged_into_id = survivor.pk
        survivor.verified = survivor.verified or retired.verified
        self.notify("golden.merged", retired, related=[survivor.euid])
        self.notify("golden.merged", survivor, related=[retired.euid])

    def separate(
        self, event: IdentityEvent, pairs: Iterable[tuple[int, int]], *, reason_code: str, reason: str
    ) -> Separation:
        """A standing decision that these pairs of source records are different people; audited with the event."""
        separation = Separation(
            id=self.new_id(Separation),
            uuid=uuid7(),
            reason_code=reason_code,
            reason=reason,
            actor_id=self.actor.id,
            actor_name=self.actor.name,
            event_id=event.pk,
            recorded_at=self.recorded_at,
        )
        self.insert(separation)
        for low, high in sorted({(min(pair), max(pair)) for pair in pairs}):
            self.insert(
                SeparationPair(
                    id=self.new_id(SeparationPair), separation_id=separation.pk, record_low_id=low, record_high_id=high
                )
            )
        event.payload["separations"].append(separation.pk)
        self.audit(
            Action.SEPARATION_CREATED,
            subject=("separation", str(separation.uuid)),
            related=[golden_subject(self.golden_records[pk].euid) for pk in event.golden_record_ids],
            reason_code=reason_code,
            reason=reason,
            detail={"event": str(event.uuid)},
        )
        return separation

    # -- potential matches -----------------------------------------------------------------------

    def open_potential_match(self, event: IdentityEvent, match: PotentialMatch) -> None:
        """A new question for a steward; the caller made sure that none is open for this pair."""
        self.insert(match)
        event.payload["potential_matches"][match.pk] = {"before": {}, "after": match_state(match)}

    def change_potential_match(self, event: IdentityEvent, match: PotentialMatch, **values: object) -> None:
        """Change the question, keeping what it was for an undo."""
        known = event.payload["potential_matches"].setdefault(match.pk, {"before": match_state(match)})
        for name, value in values.items():
            setattr(match, name, value)
        match.version += 1
        self.change(match)
        known["after"] = match_state(match)

    def close_potential_match(
        self, event: IdentityEvent, match: PotentialMatch, status: PotentialMatchStatus, reason: str
    ) -> None:
        """The question is answered, or its reason is gone."""
        by_event = event.pk if status in {PotentialMatchStatus.SAME, PotentialMatchStatus.DIFFERENT} else None
        self.change_potential_match(
            event,
            match,
            status=status,
            closed_at=self.recorded_at,
            closed_reason=reason,
            resolved_by_event_id=by_event,
        )

    # -- writing -----------------------------------------------------------------------------------

    def flush(self) -> None:
        """Recompute what was touched and write everything. Call once, last in the transaction."""
        self.settle()
        self.write()

    def settle(self) -> None:
        """Recompute what was touched: after it, only `write` is left to do."""
        self._recompute_golden_records()
        seen: set[int] = set()
        for event in self._new.get(IdentityEvent, {}).values():
            seen.add(event.pk)
            for golden_id, states in event.payload["golden_records"].items():
                states["after"] = golden_state(self.golden_records[golden_id])
                if self._merged_by.get(golden_id, event.pk) not in seen:
                    # A later act of this transaction has merged it: to undo this one must not bring it back.
                    states["after"] |= {name: states["before"][name] for name in ("status", "merged_into")}

    def _recompute_golden_records(self) -> None:
        touched = [self.golden_records[pk] for pk in sorted(self._touched)]
        opened = list(self._new.get(Link, {}).values())
        ended = {link.pk for link in self._changed.get(Link, {}).values() if link.ended_at}
        known: dict[str, Any] = {"records": self.records, "heard": self.heard, "created": self._created}
        for golden, changed in recompute(touched, opened=opened, ended=ended, now=self.recorded_at, **known):
            golden.version += 1
            golden.recorded_at = self.recorded_at
            self.change(golden)
            if changed and golden.pk not in self._created:
                self.audit_golden(Action.GOLDEN_UPDATED, golden, detail={"fields": sorted(changed)})
                self.notify("golden.updated", golden)
            elif golden.pk in self._created:
                self.audit_golden(Action.GOLDEN_CREATED, golden)
            if "status" in changed and golden.status == GoldenStatus.CONFIRMED:
                self.audit_golden(Action.GOLDEN_CONFIRMED, golden)
            elif "status" in changed and golden.status == GoldenStatus.RETIRED:
                self.audit_golden(Action.GOLDEN_RETIRED, golden)
                self.notify("golden.retired", golden)
