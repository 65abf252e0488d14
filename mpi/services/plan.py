"""What a message will change, decided on what the batch can see and before any golden record is locked.

Pure reading and deciding: the Neighbourhood is kept up to date in memory, rows are written by `apply`.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

import orjson

from audit.uuid7 import uuid7
from matching.decide import decide
from matching.decision import Decision as EngineDecision
from matching.decision import Fit
from matching.join import Member, may_join
from matching.overlay import OverlayVerdict, assess
from matching.records import StandardRecord
from matching.settle import Join
from matching.standardise import STANDARDISER_VERSION
from mpi import codec
from mpi.models import GoldenRecord, MessageOutcome, RecordState, SourceRecord
from mpi.services.active_model import ActiveModel
from mpi.services.ask_again import ask_again
from mpi.services.neighbourhood import Neighbourhood
from mpi.services.open_questions import Asked
from mpi.services.parse import Key, Told
from mpi.services.rows import new_row
from mpi.services.unit import UnitOfWork

_NONE: frozenset[int] = frozenset()


@dataclass(slots=True)
class Plan:
    """The change one message makes.

    golden_id      where the record belongs afterwards, None when nothing is linked
    is_new_golden  `golden_id` is made by this plan
    joined         golden records that become one with `golden_id`
    left           golden record that the record leaves
    reviews        (other golden record, fit) for each question to a steward
    answered       golden records with which this record has an open question now
    apart          golden records that it keeps apart: what they and `golden_id` are asked is answered by it
    settled        joins of open questions that have become certain by it, in order
    near           golden records that were looked at for the sake of open questions
    waits          the message queues behind an earlier one that a steward must look at
    is_newer       nothing is new but the source's own time
    """

    told: Told
    outcome: MessageOutcome
    record: SourceRecord | None = None
    is_new_record: bool = False
    decision: EngineDecision | None = None
    rules: dict[int, tuple[str, ...]] = field(default_factory=dict)
    golden_id: int | None = None
    is_new_golden: bool = False
    joined: tuple[int, ...] = ()
    left: int | None = None
    reviews: tuple[tuple[int, Fit], ...] = ()
    answered: frozenset[int] = frozenset()
    apart: frozenset[int] = frozenset()
    settled: tuple[Join, ...] = ()
    near: frozenset[int] = frozenset()
    reasons: tuple[str, ...] = ()
    waits: bool = False
    is_newer: bool = False

    def golden_ids(self) -> set[int]:
        """Every golden record that the plan changes or asks about."""
        ids = {*self.joined, *(other for other, _ in self.reviews), *self.answered, self.golden_id, self.left}
        ids |= self.near
        return {pk for pk in ids if pk is not None}


@dataclass(slots=True)
class Planner:
    """Plans the messages of one batch in their order. `keys` are the blocking keys of known records, as stored."""

    unit: UnitOfWork
    active: ActiveModel
    seen: Neighbourhood
    records: dict[tuple[int, str], SourceRecord]
    accepted: frozenset[int]
    keys: dict[int, frozenset[int]]
    new_keys: dict[int, frozenset[int]] = field(default_factory=dict)

    def plan(self, told: Told) -> Plan:
        """What this message changes, given those before it."""
        known = self.records.get((told.system.pk, told.mrn))
        record = copy(known)  # each message of a batch makes a version of its own
        if record is not None and record.state == RecordState.QUARANTINED:
            return Plan(told, MessageOutcome.QUARANTINED, record, waits=True)
        plan = self._planned(told, record)
        if plan.record is not None:
            self.records[told.system.pk, told.mrn] = plan.record
        return plan

    def _planned(self, told: Told, record: SourceRecord | None) -> Plan:
        if told.record is None:
            return self._deletion(told, record)
        if record is None:
            return self._new(told)
        same = bytes(record.payload_hash) == told.payload_hash and record.settings_hash == self.active.settings_hash
        if same and record.state == RecordState.ACTIVE:
            return self._same(told, record)
        # What came without a time of its own counts from when it was heard.
        if told.source_time and told.source_time < (record.effective_at or record.recorded_at):
            return Plan(told, MessageOutcome.STALE, record, golden_id=self.seen.owner.get(record.pk))
        doubt = self._overlay(told, record)
        if doubt.verdict == "quarantine":
            record.state = RecordState.QUARANTINED
            return Plan(told, MessageOutcome.QUARANTINED, record, reasons=doubt.reasons)
        plan = self._update(told, record)
        plan.reasons = doubt.reasons if doubt.verdict == "review" else ()
        return plan

    def _same(self, told: Told, record: SourceRecord) -> Plan:
        """Nothing new, but perhaps the source's word that it still held later: an older message is outdated by it."""
        newer = told.source_time and told.source_time > (record.effective_at or record.recorded_at)
        if newer:
            record.effective_at = told.source_time
            record.recorded_at = self.unit.recorded_at
        owner = self.seen.owner.get(record.pk)
        return Plan(told, MessageOutcome.UNCHANGED, record, golden_id=owner, is_newer=bool(newer))

    def _overlay(self, told: Told, record: SourceRecord) -> OverlayVerdict:
        if told.message.pk in self.accepted or record.state == RecordState.DELETED:
            return OverlayVerdict("allow")
        return assess(codec.standard_record(record), told.standard)

    # -- records ----------------------------------------------------------------------------------

    def _new(self, told: Told) -> Plan:
        record = new_row(
            SourceRecord,
            id=self.unit.new_id(SourceRecord),
            uuid=uuid7(),
            source_system_id=told.system.pk,
            mrn=told.mrn,
            version=0,
        )
        self._say(record, told)
        return self._placed(Plan(told, MessageOutcome.CREATED, record, is_new_record=True), current=None)

    def _update(self, told: Told, record: SourceRecord) -> Plan:
        self._say(record, told)
        return self._placed(Plan(told, MessageOutcome.UPDATED, record), current=self.seen.owner.get(record.pk))

    def _deletion(self, told: Told, record: SourceRecord | None) -> Plan:
        if record is None or record.state == RecordState.DELETED:
            return Plan(told, MessageOutcome.UNCHANGED, record)
        owner = self.seen.owner.pop(record.pk, None)
        if owner is not None:
            self.seen.members[owner].pop(record.pk, None)
        record.state = RecordState.DELETED
        record.version += 1
        record.message_id = told.message.pk
        record.recorded_at = self.unit.recorded_at
        self.new_keys[record.pk] = frozenset()
        plan = Plan(told, MessageOutcome.DELETED, record, left=owner)
        if owner is not None:
            plan.answered = frozenset(self.seen.questions.resting_on(record.pk) - {owner})
            self.seen.questions.forget(record.pk, {owner})
        return plan

    def _say(self, record: SourceRecord, told: Told) -> None:
        """Put what the message tells into the row."""
        if told.record is None:
            raise ValueError("A deletion says nothing of a patient.")
        record.version += 1
        record.state = RecordState.ACTIVE
        record.told = codec.told_document(told.record, record.uuid)
        record.standard = orjson.loads(codec.standard_document(told.standard))
        record.ssn_cipher, record.ssn_index = codec.encrypt_ssn(codec.ssn_of(told.standard), record.uuid)
        record.standardiser = STANDARDISER_VERSION
        record.payload_hash = told.payload_hash
        record.settings_hash = self.active.settings_hash
        record.message_id = told.message.pk
        record.effective_at = told.source_time
        record.recorded_at = self.unit.recorded_at

    def keys_gone(self) -> list[tuple[int, int]]:
        """(key, record id) of stored blocking keys that hold no longer."""
        return [(key, pk) for pk, new in self.new_keys.items() for key in sorted(self.keys.get(pk, _NONE) - new)]

    def keys_come(self) -> list[tuple[int, int]]:
        """(key, record id) of blocking keys to be stored."""
        return [(key, pk) for pk, new in self.new_keys.items() for key in sorted(new - self.keys.get(pk, _NONE))]

    # -- where it belongs ---------------------------------------------------------------------------

    def _placed(self, plan: Plan, *, current: int | None) -> Plan:
        record = plan.record
        if record is None:
            raise ValueError("Only a record can be placed.")
        standard, keys = plan.told.standard, plan.told.keys
        plan.rules = self.seen.candidates(keys, besides=record.pk)
        candidates = set(plan.rules) | ({current} if current is not None else set())
        subject = Member(record.pk, standard)
        plan.decision = decide(
            subject,
            self.seen.persons(sorted(candidates)),
            self.active.model,
            separated=self.seen.separated,
            current_person_id=current,
        )
        if plan.told.placed is not None:
            self._place_by_hand(plan, current)
        elif current is None:
            self._place_unlinked(plan, plan.decision)
        else:
            self._place_linked(plan, plan.decision, subject, current)
        self._settle(plan, standard, keys)
        self.new_keys[record.pk] = frozenset(key.hash for key in keys)
        return plan

    def _place_unlinked(self, plan: Plan, decision: EngineDecision) -> None:
        if decision.person_ids:
            plan.golden_id, *joined = sorted(decision.person_ids)  # the older EUID survives
            plan.joined = tuple(joined)
        else:
            plan.golden_id, plan.is_new_golden = self.unit.new_id(GoldenRecord), True

    def _place_by_hand(self, plan: Plan, current: int | None) -> None:
        """A person says whose it is. Other persons that fit are asked about; nobody is joined."""
        home = plan.told.home_id if current is None else None
        own = current if home is None else self.seen.beside(home)
        plan.golden_id, plan.is_new_golden = own or self.unit.new_id(GoldenRecord), own is None
        self.seen.human.add(plan.golden_id)

    def _place_linked(self, plan: Plan, decision: EngineDecision, subject: Member, current: int) -> None:
        """An updated record: a person's link stays; evidence of two people re-opens the question."""
        others = [member for pk, member in self.seen.members[current].items() if pk != subject.record_id]
        plan.golden_id = current
        if current in self.seen.human:
            return
        if not others or current in decision.person_ids:
            plan.golden_id, *joined = sorted({current, *decision.person_ids})
            plan.joined = tuple(joined)
        elif may_join([subject], others, self.active.model, separated=self.seen.separated).refusals:
            plan.left = current
            self._place_unlinked(plan, decision)

    def _settle(self, plan: Plan, standard: StandardRecord, keys: tuple[Key, ...]) -> None:
        """Note the questions, and keep the Neighbourhood as it will be."""
        if plan.decision is None or plan.golden_id is None or plan.record is None:
            raise ValueError("Only a decided record can be settled.")
        own = {plan.golden_id, *plan.joined}
        # A person that fits, but that a standing link or a human decision kept the record from, is a question too.
        held = {item.person_id for item in plan.decision.review} | set(plan.decision.person_ids)
        if plan.left is not None:
            held.add(plan.left)
        fits = {fit.person_id: fit for fit in plan.decision.fits}
        plan.reviews = tuple(
            (pk, fits[pk]) for pk in sorted(held - own) if pk in fits and not self.seen.are_apart(own, pk)
        )
        if plan.joined:
            plan.near = frozenset(self.seen.widen(own))
        for joined in plan.joined:
            self.seen.move_all(joined, plan.golden_id)
        comes = not (plan.is_new_record or plan.is_new_golden) and self.seen.owner.get(plan.record.pk) not in own
        self.seen.place(plan.record.pk, plan.golden_id, standard, keys)
        self._ask(plan, plan.record.pk, plan.golden_id)
        if comes and self.seen.separated:
            self._keep_apart(plan, plan.record.pk, plan.golden_id)
        if plan.decision.person_ids or (plan.outcome == MessageOutcome.UPDATED and plan.left is None):
            self._ask_again(plan, plan.golden_id)

    def _ask(self, plan: Plan, record_id: int, golden_id: int) -> None:
        """The questions that the record raises, and those that have lost their reason by it."""
        questions, asked = self.seen.questions, {pk for pk, _ in plan.reviews}
        plan.answered = frozenset(questions.resting_on(record_id) - {golden_id, *plan.joined, *asked})
        for other in plan.answered:
            questions.answer(golden_id, other)
        if plan.left is not None:
            questions.forget(record_id, {plan.left})  # what it asked from there it asks from here, if at all
        for other, fit in plan.reviews:
            best = fit.best
            questions.ask(
                golden_id, other, Asked(frozenset((best.left.record_id, best.right.record_id)), best.score.bits)
            )

    def _keep_apart(self, plan: Plan, record_id: int, golden_id: int) -> None:
        """A record that comes back brings its separations to the person: they answer what that is asked about."""
        near = self.seen.widen([golden_id])
        plan.near |= near
        plan.apart = self.seen.apart_from(record_id, near - {golden_id})
        for other in plan.apart:
            self.seen.questions.answer(golden_id, other)

    def _ask_again(self, plan: Plan, golden_id: int) -> None:
        """What the record has made certain of the open questions of its person."""
        joins, near = ask_again(self.seen, golden_id, self.active.model)
        plan.settled, plan.near = joins, plan.near | near
