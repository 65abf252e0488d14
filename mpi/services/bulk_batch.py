"""What one batch of a component changes: events, links, joins and questions, as `unit` and `redirect` would have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from audit.actions import Action
from matching.decision import Fit
from mpi.access import golden_subject
from mpi.models import EventKind, GoldenStatus, LinkOrigin, PotentialMatch, PotentialMatchStatus
from mpi.services.bulk_copy import chance, moment
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_rows import FIRST, LATER, NO_REASON, EventRow, GoldenRow, LinkRow, RowWriter
from mpi.services.questions import question_values
from mpi.services.unit_states import golden_state, match_state


@dataclass(frozen=True, slots=True)
class Fresh:
    """Fresh keys: of potential matches, of links that joins move, of decisions and events of joins without a record."""

    matches: Iterator[int]
    moves: Iterator[int]
    decisions: Iterator[int]
    events: Iterator[int]


class Ledger:
    """The identity of a component's records so far."""

    def __init__(self, frame: Frame, writer: RowWriter, fresh: Fresh) -> None:
        self.frame = frame
        self.writer = writer
        self.fresh = fresh
        self.golden: dict[int, GoldenRow] = {}
        self.links: dict[int, list[LinkRow]] = {}
        self.matches: dict[frozenset[int], PotentialMatch] = {}
        self.ended: list[LinkRow] = []
        self.closed: list[PotentialMatch] = []


class Batch:
    """One batch of the component, act by act."""

    def __init__(self, ledger: Ledger, batch: int) -> None:
        self._ledger = ledger
        self._frame, self._writer = ledger.frame, ledger.writer
        self._moment = self._frame.moment(batch)
        self._writer.now = moment(self._moment)
        self._touched: set[int] = set()
        self._moved: set[int] = set()
        self._events: list[EventRow] = []
        self._opened: set[int] = set()
        self._ended: list[LinkRow] = []
        self._matches: dict[int, tuple[PotentialMatch, str]] = {}
        self._notices: dict[tuple[str, int], tuple[set[int], set[str]]] = {}
        self._merged_by: dict[int, int] = {}

    def _event(self, pk: int, kind: EventKind, why: tuple[str, str] = NO_REASON) -> EventRow:
        payload: dict[str, object] = {
            "links_ended": [],
            "links_opened": [],
            "golden_records": {},
            "potential_matches": {},
            "separations": [],
        }
        event = EventRow(pk, kind.value, why, [], payload)
        self._events.append(event)
        return event

    def _touch(self, event: EventRow, golden: GoldenRow) -> None:
        self._touched.add(golden.pk)
        if golden.pk not in event.payload["golden_records"]:
            event.golden_record_ids.append(golden.pk)
            event.payload["golden_records"][golden.pk] = {"before": golden_state(golden), "after": {}}

    def _notify(
        self, kind: str, golden: GoldenRow, *, record_id: int | None = None, related: str | None = None
    ) -> None:
        record_ids, euids = self._notices.setdefault((kind, golden.pk), (set(), set()))
        if record_id is not None:
            record_ids.add(record_id)
        if related is not None:
            euids.add(related)

    def _open(self, event: EventRow, link: LinkRow) -> None:
        event.payload["links_opened"].append(link.pk)
        self._ledger.links[link.golden_id].append(link)
        self._opened.add(link.pk)
        self._moved.add(link.golden_id)

    def _join(
        self,
        event: EventRow,
        retired: GoldenRow,
        survivor: GoldenRow,
        *,
        message_id: int,
        decision_id: int | None = None,
    ) -> None:
        """One golden record becomes another: its links move, its questions follow.

        `decision_id` is that of a join which an open question has led to.
        """
        self._touch(event, retired)
        self._touch(event, survivor)
        for link in self._ledger.links[retired.pk]:
            event.payload["links_ended"].append(link.pk)
            link.ended = (event.pk, self._writer.now)
            if link.pk not in self._opened:
                self._ended.append(link)
            self._ledger.ended.append(link)
            moved = LinkRow(
                next(self._ledger.fresh.moves),
                link.record_id,
                survivor.pk,
                LinkOrigin.MERGE.value,
                link.supporting,
                link.decision_id if decision_id is None else decision_id,
                event.pk,
                self._writer.now,
            )
            self._open(event, moved)
        self._ledger.links[retired.pk] = []
        self._moved.add(retired.pk)
        self._merged_by[retired.pk] = event.pk
        retired.status = GoldenStatus.MERGED
        retired.merged_into_id = survivor.pk
        self._notify("golden.merged", retired, related=survivor.euid)
        self._notify("golden.merged", survivor, related=retired.euid)
        detail = None if decision_id is None else {"decision": decision_id}
        self._writer.audit_golden(
            Action.GOLDEN_MERGED, survivor, retired, message_id=message_id, detail=detail, why=event.why
        )
        self._redirect(event, retired.pk, survivor.pk)

    # -- questions -----------------------------------------------------------------------------------

    def _ask(self, event: EventRow, own: GoldenRow, other: GoldenRow, fit: Fit, decision_id: int) -> None:
        """Open a question, or strengthen the one that is open for the two."""
        pair = frozenset((own.pk, other.pk))
        known = self._ledger.matches.get(pair)
        if known is not None and fit.best.score.bits <= known.bits:
            return
        values = question_values(own.pk, other.pk, fit, decision_id=decision_id, model_version_id=self._frame.model_id)
        if known is not None:
            self._change(event, known, values)
            return
        match = PotentialMatch(
            id=next(self._ledger.fresh.matches), uuid=UUID(chance.uuid()), opened_at=self._moment, **values
        )
        self._ledger.matches[pair] = match
        self._matches[match.pk] = (match, FIRST)
        event.payload["potential_matches"][match.pk] = {"before": {}, "after": match_state(match)}
        self._touch(event, other)
        subjects = (golden_subject(own.euid), golden_subject(other.euid))
        self._writer.audit(Action.POTENTIAL_MATCH_OPENED, ("potential_match", str(match.uuid)), *subjects)

    def _change(self, event: EventRow, match: PotentialMatch, values: Mapping[str, object]) -> None:
        known = event.payload["potential_matches"].setdefault(match.pk, {"before": match_state(match)})
        for name, value in values.items():
            setattr(match, name, value)
        match.version += 1
        self._matches.setdefault(match.pk, (match, LATER))
        known["after"] = match_state(match)

    def _redirect(self, event: EventRow, retired: int, survivor: int) -> None:
        """Open questions of the retired golden record point to its survivor, or are answered."""
        matches = self._ledger.matches
        for pair in [pair for pair in matches if retired in pair]:
            match = matches.pop(pair)
            (other,) = pair - {retired}
            if other == survivor:
                self._close(event, match, "same-golden-record")
            elif frozenset((survivor, other)) in matches:
                self._close(event, match, "double")
            else:
                side = "golden_a_id" if match.golden_a_id == retired else "golden_b_id"
                self._change(event, match, {side: survivor})
                matches[frozenset((survivor, other))] = match

    def _close(self, event: EventRow, match: PotentialMatch, reason: str) -> None:
        closed = {"status": PotentialMatchStatus.CLOSED, "closed_at": self._moment, "closed_reason": reason}
        self._change(event, match, closed)
        self._ledger.closed.append(match)
        subject = ("potential_match", str(match.uuid))
        self._writer.audit(Action.POTENTIAL_MATCH_CLOSED, subject, detail={"reason": reason})
