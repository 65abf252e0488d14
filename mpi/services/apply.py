"""Carry out a plan: rows of the record, its decision, its link, and the questions it raises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from audit.actions import Action
from matching.decision import Fit
from mpi.models import (
    EventKind,
    GoldenRecord,
    IdentityEvent,
    InboundMessage,
    Link,
    LinkOrigin,
    MessageOutcome,
    MessageState,
    SourceRecord,
)
from mpi.services.active_model import ActiveModel
from mpi.services.ask_again import carry_out_join
from mpi.services.decisions import keep_decision
from mpi.services.doubts import Doubts
from mpi.services.neighbourhood import Neighbourhood
from mpi.services.plan import Plan
from mpi.services.questions import close_question, follow_record, open_question, question_values
from mpi.services.redirect import join_golden_records
from mpi.services.said import sign
from mpi.services.unit import UnitOfWork

_AUDITED = {
    MessageOutcome.CREATED: Action.RECORD_CREATED,
    MessageOutcome.UPDATED: Action.RECORD_UPDATED,
    MessageOutcome.STALE: Action.RECORD_OUTDATED,
    MessageOutcome.DELETED: Action.RECORD_DELETED,
    MessageOutcome.UNCHANGED: Action.RECORD_UNCHANGED,
    MessageOutcome.QUARANTINED: Action.RECORD_RECEIVED,
}


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one message, for its row and for the answer."""

    message: InboundMessage
    state: MessageState
    outcome: str
    record_id: int | None = None
    decision_id: int | None = None
    decision_document: dict[str, Any] | None = field(default=None, repr=False)


@dataclass(slots=True)
class Applier:
    """Carries out the plans of one batch, in order, on locked golden records.

    `links` are the open links of the golden records that the batch changes, by source record.
    """

    unit: UnitOfWork
    active: ActiveModel
    seen: Neighbourhood
    golden: dict[int, GoldenRecord]
    links: dict[int, Link]
    doubts: Doubts = field(init=False)

    def __post_init__(self) -> None:
        self.doubts = Doubts(self.unit)

    def apply(self, plan: Plan) -> Applied:
        """Put one plan into the unit of work."""
        if plan.outcome == MessageOutcome.QUARANTINED:
            return self._quarantine(plan)
        record, decision_id, document = plan.record, None, None
        if plan.outcome in (MessageOutcome.CREATED, MessageOutcome.UPDATED) and record and plan.decision:
            (self.unit.insert if plan.is_new_record else self.unit.change)(record)
            self.unit.records[record.pk] = record
            if plan.told.record is not None:
                self.unit.heard.told[record.pk] = plan.told.record, plan.told.standard
            decision_id, document = self._keep_decision(plan)
            self._identify(plan, record, decision_id)
            self._settle(plan)
            if plan.reasons:
                self.doubts.ask(record, plan.told.message.pk, plan.reasons, held=False)
        elif plan.outcome == MessageOutcome.DELETED and record:
            self._delete(plan, record)
        elif plan.is_newer and record:
            self._confirm(plan, record)
        if record is not None:
            owners = [self.golden[pk] for pk in (plan.golden_id, plan.left) if pk in self.golden]
            self.unit.audit_record(
                _AUDITED[plan.outcome], record, *owners, message_id=plan.told.message.pk, detail=_summary(plan)
            )
        return Applied(
            plan.told.message, MessageState.APPLIED, plan.outcome, record.pk if record else None, decision_id, document
        )

    def _keep_decision(self, plan: Plan) -> tuple[int, dict[str, Any]]:
        engine = plan.decision
        if engine is None:
            raise ValueError("There is no decision to keep.")
        document: dict[str, Any] = engine.to_document(plan.rules)
        document["keys"] = {str(fit.person_id): list(plan.rules.get(fit.person_id, ())) for fit in engine.fits}
        capped = sorted({key.rule for key in plan.told.keys if key.hash in self.seen.capped})
        document["capped_keys"] = capped
        message_id = plan.told.message.pk
        key = keep_decision(self.unit, engine, document, model_version_id=self.active.pk, message_id=message_id)
        return key, document

    def _identify(self, plan: Plan, record: SourceRecord, decision_id: int) -> None:
        """Links, joins and questions of one decided record."""
        if plan.golden_id is None or plan.decision is None:
            raise ValueError("A decided record belongs somewhere.")
        by_hand = plan.told.placed is not None
        moves = plan.is_new_golden or plan.left is not None or record.pk not in self.links or by_hand
        turned = bool(plan.joined) or plan.left is not None
        asks = [(pk, fit) for pk, fit in plan.reviews if turned or self._is_news(plan.golden_id, pk, fit)]
        answered = self._resting_on(record) - {plan.golden_id, *plan.joined, *(pk for pk, _ in plan.reviews)}
        if not (moves or plan.joined or asks or answered):
            self.unit.touch_values(self.golden[plan.golden_id])
            return
        event = self._event(plan)
        golden = self._golden(plan, event)
        if by_hand and record.pk in self.links:  # opened again below, as a person's word
            self.unit.end_link(event, self.links.pop(record.pk), golden)
            self.unit.audit_record(Action.LINK_ENDED, record, golden, message_id=record.message_id)
        if plan.left is not None:
            self.unit.end_link(event, self.links.pop(record.pk), self.golden[plan.left])
            self.unit.audit_record(Action.LINK_ENDED, record, self.golden[plan.left], message_id=record.message_id)
            self.unit.notify("link.ended", self.golden[plan.left], record_ids=[record.pk], related=[golden.euid])
        for joined in plan.joined:
            retired, matches = self.golden[joined], self.seen.matches
            event.payload["message"] = record.message_id
            join_golden_records(
                self.unit,
                event,
                self.links,
                matches,
                retired=retired,
                survivor=golden,
                message_id=record.message_id,
            )
        if moves:
            self._link(plan, event, record, golden, decision_id)
        self.unit.touch(event, golden)
        for other in sorted(answered):
            self._close(event, frozenset((golden.pk, other)), plan.left, other)
        for other in sorted(plan.apart):
            self._close(event, frozenset((golden.pk, other)), None, other, reason="separated")
        sides, others = (plan.left, golden.pk), [pk for pk, _ in plan.reviews]
        followed = follow_record(self.unit, event, self.seen.matches, record.pk, sides=sides, others=others)
        for other, fit in asks:
            self._ask(event, golden, self.golden[other], fit, decision_id, anew=other in followed or other == plan.left)

    def _event(self, plan: Plan) -> IdentityEvent:
        """The act: the engine's, or that of the person who has said whose the record is."""
        if plan.told.placed is None:
            return self.unit.event(EventKind.JOIN if plan.joined else EventKind.LINK)
        event = self.unit.event(EventKind.REGISTER)
        sign(event, plan.told.placed)
        return event

    def _is_news(self, golden_id: int, other: int, fit: Fit) -> bool:
        """Whether the question is not open yet, or with less evidence."""
        known = self.seen.matches.get(frozenset((golden_id, other)))
        return known is None or fit.best.score.bits > known.bits

    def _resting_on(self, record: SourceRecord) -> set[int]:
        """Golden records of the open questions that rest on this record, those of this batch included."""
        own, matches = record.pk, self.seen.matches.items()
        resting = [pair for pair, match in matches if own in (match.record_a_id, match.record_b_id)]
        return {pk for pair in resting for pk in pair}

    def _confirm(self, plan: Plan, record: SourceRecord) -> None:
        """The source says the same again, later: what it tells counts as that recent."""
        self.unit.change(record)
        self.unit.records[record.pk] = record
        if plan.golden_id in self.golden:
            self.unit.touch_values(self.golden[plan.golden_id])

    def _golden(self, plan: Plan, event: IdentityEvent) -> GoldenRecord:
        if not plan.is_new_golden:
            return self.golden[plan.golden_id or 0]
        golden = self.unit.create_golden_record(event, pk=plan.golden_id)
        self.golden[golden.pk] = golden
        return golden

    def _link(
        self, plan: Plan, event: IdentityEvent, record: SourceRecord, golden: GoldenRecord, decision_id: int
    ) -> None:
        by_hand = plan.told.placed is not None
        known = LinkOrigin.STEWARD if by_hand else LinkOrigin.ENGINE
        link = self.unit.open_link(
            event,
            record.pk,
            golden,
            origin=LinkOrigin.FIRST if plan.is_new_golden else known,
            by_human=by_hand,
            supporting_record_id=plan.decision.supporting_record_id if plan.decision else None,
            decision_id=decision_id,
            model_version_id=self.active.pk,
        )
        self.links[record.pk] = link
        self.unit.audit_record(
            Action.LINK_OPENED, record, golden, message_id=record.message_id, detail={"decision": decision_id}
        )
        self.unit.notify("link.opened", golden, record_ids=[record.pk])

    def _settle(self, plan: Plan) -> None:
        """Open questions that the record has made certain."""
        for settled in plan.settled:
            carry_out_join(
                self.unit,
                self.active,
                settled,
                self.golden,
                self.links,
                self.seen.matches,
                message_id=plan.told.message.pk,
            )

    def _close(
        self,
        event: IdentityEvent,
        pair: frozenset[int],
        left: int | None,
        other: int,
        *,
        reason: str = "evidence-changed",
    ) -> None:
        match = self.seen.matches.pop(pair, None)
        if match is None and left is not None:
            match = self.seen.matches.pop(frozenset((left, other)), None)
        if match is not None:
            close_question(self.unit, event, match, reason)

    def _ask(
        self,
        event: IdentityEvent,
        golden: GoldenRecord,
        other: GoldenRecord,
        fit: Fit,
        decision_id: int,
        *,
        anew: bool = False,
    ) -> None:
        """Open a potential match, or strengthen the one that is open for this pair.

        `anew` if the record has gone over from the other side: what it asked from there it does not ask any more.
        """
        pair = frozenset((golden.pk, other.pk))
        if len(pair) < 2:
            return
        version = self.active.pk
        known = self.seen.matches.get(pair)
        if known is None:
            self.seen.matches[pair] = open_question(
                self.unit, event, golden, other, fit, decision_id=decision_id, model_version_id=version
            )
        elif anew or fit.best.score.bits > known.bits:
            values = question_values(golden.pk, other.pk, fit, decision_id=decision_id, model_version_id=version)
            self.unit.change_potential_match(event, known, **values)

    def _delete(self, plan: Plan, record: SourceRecord) -> None:
        self.unit.change(record)
        self.doubts.close(record)
        if plan.left is None:
            return
        golden = self.golden[plan.left]
        event = self.unit.event(EventKind.UNLINK, reason_code="deleted-at-source")
        self.unit.end_link(event, self.links.pop(record.pk), golden)
        self.unit.audit_record(Action.LINK_ENDED, record, golden, message_id=record.message_id)
        self.unit.notify("link.ended", golden, record_ids=[record.pk])
        for other in sorted(self._resting_on(record) - {golden.pk}):
            self._close(event, frozenset((golden.pk, other)), None, other)

    def _quarantine(self, plan: Plan) -> Applied:
        """An overlay is suspected: the last trusted identity stays, the message waits for a steward."""
        record, message = plan.record, plan.told.message
        if record is None:
            raise ValueError("Only a known record can be quarantined.")
        if plan.waits:
            return Applied(message, MessageState.QUEUED, "", record.pk)
        self.unit.change(record)
        self.unit.records[record.pk] = record
        self.doubts.ask(record, message.pk, plan.reasons, held=True)
        return Applied(message, MessageState.QUEUED, MessageOutcome.QUARANTINED, record.pk)


def _summary(plan: Plan) -> dict[str, object]:
    """What the audit row says of the outcome: no value of the patient."""
    told: dict[str, object] = {"outcome": str(plan.outcome)}
    if plan.decision is not None:
        told |= {"decision": plan.decision.outcome, "grade": plan.decision.grade, "questions": len(plan.reviews)}
    return told
