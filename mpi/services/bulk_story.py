"""The rows of one component, batch after batch: what `apply` and `unit` would have written for an ordinary import.

`tests/bulk/test_same_rows.py` holds the two equal over every table of the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from audit.actions import Action
from matching.model import LinkageModel
from matching.settle import Join
from matching.survivorship import Member
from mpi.access import golden_subject, record_subject
from mpi.euid import new_euid
from mpi.models import EventKind, GoldenStatus, LinkOrigin
from mpi.services.ask_again import decision_of, reasons_of
from mpi.services.bulk_batch import Batch, Fresh, Ledger
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_rows import GoldenRow, LinkRow, RowWriter
from mpi.services.bulk_settle import Placed
from mpi.services.golden import changes, settle
from mpi.services.unit_states import golden_state


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
    """Tells one component."""

    def __init__(
        self, frame: Frame, writer: RowWriter, known: Mapping[int, Known], fresh: Fresh, model: LinkageModel
    ) -> None:
        self.ledger = Ledger(frame, writer, fresh)
        self.known = known
        self.model = model

    def tell(self, placed: Sequence[Placed]) -> None:
        """Write all rows. `placed` in the order of the file."""
        for batch, items in groupby(placed, key=lambda item: self.known[item.record_id].batch):
            _Batch(self, batch).tell(list(items))
        ledger, writer = self.ledger, self.ledger.writer
        for golden in ledger.golden.values():
            writer.golden(golden)
        for link in (*ledger.ended, *(link for links in ledger.links.values() for link in links)):
            writer.link(link)
        for match in (*ledger.closed, *ledger.matches.values()):
            writer.match(match)


class _Batch(Batch):
    """One batch of the component: its acts one by one, then the golden records that they touched."""

    def __init__(self, story: Story, batch: int) -> None:
        super().__init__(story.ledger, batch)
        self._known = story.known
        self._model = story.model
        self._created: set[int] = set()

    def tell(self, items: Sequence[Placed]) -> None:
        """All rows of the batch but those that later batches may still change."""
        for item in items:
            self._place(item)
        for pk in sorted(self._touched):
            self._recompute(self._ledger.golden[pk])
        self._tell_events()
        for link in self._ended:
            self._writer.link_before(link)
        for match, kind in self._matches.values():
            self._writer.match_version(match, kind)
        for (notice, pk), (record_ids, related) in self._notices.items():
            self._writer.notice(notice, self._ledger.golden[pk], sorted(record_ids), sorted(related))

    def _tell_events(self) -> None:
        """With the states after them; of a golden record that a later one has merged, without that (as `unit`)."""
        seen: set[int] = set()
        for event in self._events:
            seen.add(event.pk)
            for pk, states in event.payload["golden_records"].items():
                states["after"] = golden_state(self._ledger.golden[pk])
                if self._merged_by.get(pk, event.pk) not in seen:
                    states["after"] |= {name: states["before"][name] for name in ("status", "merged_into")}
            self._writer.event(event)

    # -- one record --------------------------------------------------------------------------------

    def _place(self, item: Placed) -> None:
        frame, known = self._frame, self._known[item.record_id]
        number = item.record_id - frame.first_record
        decision_id, message_id = frame.first_decision + number, frame.first_message + number
        self._writer.decision(item, known.rules, known.capped, keys=(decision_id, message_id))
        event = self._event(frame.first_event + number, EventKind.JOIN if item.joined else EventKind.LINK)
        if item.is_first:
            self._create(item.person)
        own = self._ledger.golden[item.person]
        for pk in item.joined:
            event.payload["message"] = message_id
            self._join(event, self._ledger.golden[pk], own, message_id=message_id)
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
            self._ask(event, own, self._ledger.golden[other], fit, decision_id)
        for join in item.settled:
            self._carry_out(join, message_id)
        self._writer.audit(Action.RECORD_CREATED, subject, owner, detail=_summary(item), message_id=message_id)

    def _carry_out(self, join: Join, message_id: int) -> None:
        """An open question that the record has made certain, as `ask_again` carries it out."""
        reasons, fresh = reasons_of(join), self._ledger.fresh
        why = (reasons[0].code, " ".join(reason.words for reason in reasons))
        event = self._event(next(fresh.events), EventKind.JOIN, why)
        event.payload["message"] = message_id
        decision_id = next(fresh.decisions)
        self._writer.decision_of_join(decision_of(join, self._model), decision_id)
        survivor, retired = self._ledger.golden[join.kept], self._ledger.golden[join.gone]
        self._join(event, retired, survivor, message_id=message_id, decision_id=decision_id)

    def _create(self, pk: int) -> None:
        golden = GoldenRow(pk, new_euid(), self._moment, self._moment)
        self._ledger.golden[pk] = golden
        self._ledger.links[pk] = []
        self._created.add(pk)
        self._notify("golden.created", golden)

    # -- golden records --------------------------------------------------------------------------------

    def _recompute(self, golden: GoldenRow) -> None:
        """The golden record as its members make it now, a version on, audited and told."""
        before = (golden.values, golden.provenance, golden.status)
        if golden.pk in self._moved:
            members = [self._known[link.record_id].member for link in self._ledger.links[golden.pk]]
            settle(golden, members, self._frame.rules)
        changed = changes(before, golden)
        golden.version += 1
        recorded_before, golden.recorded_at = golden.recorded_at, self._moment
        created = golden.pk in self._created
        self._writer.golden_version(golden, recorded_before)
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
