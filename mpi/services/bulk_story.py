"""The rows of one component, batch after batch: what `apply` and `unit` would have written for an ordinary import.

`tests/bulk/test_same_rows.py` holds the two equal over every table of the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from audit.actions import Action
from matching.decision import Fit
from matching.survivorship import Member
from mpi.access import golden_subject, record_subject
from mpi.euid import new_euid
from mpi.models import EventKind, GoldenStatus, LinkOrigin, PotentialMatch, PotentialMatchStatus
from mpi.services.bulk_copy import chance, moment
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_rows import FIRST, LATER, EventRow, GoldenRow, LinkRow, RowWriter
from mpi.services.bulk_settle import Placed
from mpi.services.golden import changes, settle
from mpi.services.questions import question_values
from mpi.services.unit_states import golden_state, match_state


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows need of one record besides where it belongs."""

    uuid: str
    batch: int
    member: Member = field(repr=False)
    rules: Mapping[int, tuple[str, ...]]
    """Rules of the keys it shares with each person considered."""
    capped: tuple[str, ...]


class Story:
    """Tells one component. `match_ids` and `move_ids` are fresh keys for potential matches and for moved links."""

    def __init__(
        self,
        frame: Frame,
        writer: RowWriter,
        known: Mapping[int, Known],
        match_ids: Iterator[int],
        move_ids: Iterator[int],
    ) -> None:
        self.frame = frame
        self.writer = writer
        self.known = known
        self.match_ids = match_ids
        self.move_ids = move_ids
        self.golden: dict[int, GoldenRow] = {}
        self.links: dict[int, list[LinkRow]] = {}
        self.matches: dict[frozenset[int], PotentialMatch] = {}
        self.ended: list[LinkRow] = []
        self.closed: list[PotentialMatch] = []

    def tell(self, placed: Sequence[Placed]) -> None:
        """Write all rows. `placed` in the order of the file."""
        for batch, items in groupby(placed, key=lambda item: self.known[item.record_id].batch):
            _Batch(self, batch).tell(list(items))
        for golden in self.golden.values():
            self.writer.golden(golden)
        for link in (*self.ended, *(link for links in self.links.values() for link in links)):
            self.writer.link(link)
        for match in (*self.closed, *self.matches.values()):
            self.writer.match(match)


class _Batch:
    """One batch of the component: its acts one by one, then the golden records that they touched."""

    def __init__(self, story: Story, batch: int) -> None:
        self._story = story
        self._frame, self._writer, self._known = story.frame, story.writer, story.known
        self._moment = self._frame.moment(batch)
        self._writer.now = moment(self._moment)
        self._created: set[int] = set()
        self._touched: set[int] = set()
        self._moved: set[int] = set()
        self._events: list[EventRow] = []
        self._links: dict[int, tuple[LinkRow, str]] = {}
        self._matches: dict[int, tuple[PotentialMatch, str]] = {}
        self._notices: dict[tuple[str, int], tuple[set[int], set[str]]] = {}

    def tell(self, items: Sequence[Placed]) -> None:
        """All rows of the batch but those that later batches may still change."""
        for item in items:
            self._place(item)
        for pk in sorted(self._touched):
            self._recompute(self._story.golden[pk])
        for event in self._events:
            for pk, states in event.payload["golden_records"].items():
                states["after"] = golden_state(self._story.golden[pk])
            self._writer.event(event)
        for link, kind in self._links.values():
            self._writer.link_version(link, kind)
        for match, kind in self._matches.values():
            self._writer.match_version(match, kind)
        for (notice, pk), (record_ids, related) in self._notices.items():
            self._writer.notice(notice, self._story.golden[pk], sorted(record_ids), sorted(related))

    # -- one record --------------------------------------------------------------------------------

    def _place(self, item: Placed) -> None:
        frame, known = self._frame, self._known[item.record_id]
        number = item.record_id - frame.first_record
        decision_id, message_id = frame.first_decision + number, frame.first_message + number
        self._writer.decision(item, known.rules, known.capped, keys=(decision_id, message_id))
        event = self._event(frame.first_event + number, EventKind.JOIN if item.joined else EventKind.LINK)
        if item.is_first:
            self._create(item.person)
        own = self._story.golden[item.person]
        for pk in item.joined:
            self._join(event, self._story.golden[pk], own, message_id)
        self._touch(event, own)
        link = LinkRow(
            frame.first_link + number,
            item.record_id,
            own.pk,
            (LinkOrigin.FIRST if item.is_first else LinkOrigin.ENGINE).value,
            item.supporting,
            decision_id,
            event.pk,
            self._writer.now,
        )
        self._open(event, link)
        subject, owner = record_subject(known.uuid), golden_subject(own.euid)
        self._writer.audit(Action.LINK_OPENED, subject, owner, detail={"decision": decision_id}, message_id=message_id)
        self._notify("link.opened", own, record_id=item.record_id)
        for other, fit in item.asks:
            self._ask(event, own, self._story.golden[other], fit, decision_id)
        self._writer.audit(Action.RECORD_CREATED, subject, owner, detail=_summary(item), message_id=message_id)

    def _event(self, pk: int, kind: EventKind) -> EventRow:
        payload: dict[str, object] = {
            "links_ended": [],
            "links_opened": [],
            "golden_records": {},
            "potential_matches": {},
            "separations": [],
        }
        event = EventRow(pk, kind.value, [], payload)
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

    def _create(self, pk: int) -> None:
        golden = GoldenRow(pk, new_euid(), self._moment, self._moment)
        self._story.golden[pk] = golden
        self._story.links[pk] = []
        self._created.add(pk)
        self._notify("golden.created", golden)

    def _open(self, event: EventRow, link: LinkRow) -> None:
        event.payload["links_opened"].append(link.pk)
        self._story.links[link.golden_id].append(link)
        self._links[link.pk] = (link, FIRST)
        self._moved.add(link.golden_id)

    def _join(self, event: EventRow, retired: GoldenRow, survivor: GoldenRow, message_id: int) -> None:
        """One golden record becomes another: its links move, its questions follow."""
        self._touch(event, retired)
        self._touch(event, survivor)
        for link in self._story.links[retired.pk]:
            event.payload["links_ended"].append(link.pk)
            link.ended = (event.pk, self._writer.now)
            self._links.setdefault(link.pk, (link, LATER))
            self._story.ended.append(link)
            moved = LinkRow(
                next(self._story.move_ids),
                link.record_id,
                survivor.pk,
                LinkOrigin.MERGE.value,
                link.supporting,
                link.decision_id,
                event.pk,
                self._writer.now,
            )
            self._open(event, moved)
        self._story.links[retired.pk] = []
        self._moved.add(retired.pk)
        retired.status = GoldenStatus.MERGED
        retired.merged_into_id = survivor.pk
        self._notify("golden.merged", retired, related=survivor.euid)
        self._notify("golden.merged", survivor, related=retired.euid)
        self._writer.audit_golden(Action.GOLDEN_MERGED, survivor, retired, message_id=message_id)
        self._redirect(event, retired.pk, survivor.pk)

    # -- questions -----------------------------------------------------------------------------------

    def _ask(self, event: EventRow, own: GoldenRow, other: GoldenRow, fit: Fit, decision_id: int) -> None:
        """Open a question, or strengthen the one that is open for the two."""
        pair = frozenset((own.pk, other.pk))
        known = self._story.matches.get(pair)
        if known is not None and fit.best.score.bits <= known.bits:
            return
        values = question_values(own.pk, other.pk, fit, decision_id=decision_id, model_version_id=self._frame.model_id)
        if known is not None:
            self._change(event, known, values)
            return
        match = PotentialMatch(
            id=next(self._story.match_ids), uuid=UUID(chance.uuid()), opened_at=self._moment, **values
        )
        self._story.matches[pair] = match
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
        matches = self._story.matches
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
        self._story.closed.append(match)
        subject = ("potential_match", str(match.uuid))
        self._writer.audit(Action.POTENTIAL_MATCH_CLOSED, subject, detail={"reason": reason})

    # -- golden records --------------------------------------------------------------------------------

    def _recompute(self, golden: GoldenRow) -> None:
        """The golden record as its members make it now, a version on, audited and told."""
        before = (golden.values, golden.provenance, golden.status)
        if golden.pk in self._moved:
            settle(golden, [self._known[link.record_id].member for link in self._story.links[golden.pk]])
        changed = changes(before, golden)
        golden.version += 1
        golden.recorded_at = self._moment
        created = golden.pk in self._created
        self._writer.golden_version(golden, FIRST if created else LATER)
        if created:
            self._writer.audit_golden(Action.GOLDEN_CREATED, golden)
        elif changed:
            self._writer.audit_golden(Action.GOLDEN_UPDATED, golden, detail={"fields": sorted(changed)})
            self._notify("golden.updated", golden)
        if "status" in changed and golden.status == GoldenStatus.CONFIRMED:
            self._writer.audit_golden(Action.GOLDEN_CONFIRMED, golden)


def _summary(item: Placed) -> dict[str, object]:
    """What the audit row says of the outcome, as `apply` says it."""
    decision = item.decision
    return {"outcome": "created", "decision": decision.outcome, "grade": decision.grade, "questions": len(item.asks)}
