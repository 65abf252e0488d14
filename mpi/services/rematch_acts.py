"""What each kind of difference does to the index, on locked golden records: the acts of a rematch.

Call inside the transaction of the change; `flush` of the unit comes after. Every act is one identity event with
its decision, audit and notices, so that it can be seen, undone by itself, and undone with the whole run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit.actions import Action
from matching.decide import Outcome
from matching.decision import Fit
from matching.join import Member, scored_pair, strength
from mpi.errors import NotFound
from mpi.models import (
    EventKind,
    GoldenRecord,
    IdentityEvent,
    Link,
    LinkOrigin,
    PotentialMatch,
    RematchChange,
    RematchKind,
    RematchRun,
    SourceRecord,
)
from mpi.services.neighbourhood import open_links, open_matches
from mpi.services.questions import close_question, open_question, settle_questions
from mpi.services.redirect import join_golden_records
from mpi.services.rematch_evidence import fit_of, keep_change, members_of
from mpi.services.rematch_read import View
from mpi.services.rematch_run import REASON_CODE, reason_of
from mpi.services.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class Work:
    """One change with what it works on. `golden` are the locked golden records, one a side."""

    run: RematchRun
    change: RematchChange
    unit: UnitOfWork
    view: View
    golden: tuple[GoldenRecord, ...]

    @property
    def sides(self) -> list[list[int]]:
        """Source records of each golden record, ascending."""
        return self.change.facts["sides"]  # type: ignore[no-any-return]

    @property
    def said(self) -> dict[str, object]:
        """What every audit row of the change says besides."""
        return {"run": str(self.run.uuid), "change": self.change.number}

    def event(self, kind: EventKind) -> IdentityEvent:
        """The identity event of the change."""
        return self.unit.event(kind, reason_code=REASON_CODE, reason=reason_of(self.run))

    def fit(self, side: int, *, without: Sequence[int] = ()) -> tuple[Fit, dict[int, Member]]:
        """How the first record of the deciding pair fits the other side, and all records as the model reads them."""
        first, second = self.change.facts["pair"]
        known = members_of(self.view, sorted({first, second, *self.sides[side]}))
        others = [
            known[pk] for pk in sorted({second, *self.sides[side]}) if pk in known and pk not in (first, *without)
        ]
        fit = fit_of(known[first], others, self.golden[side].pk, self.view.model, human=False)
        return fit, known


def question_of(change: RematchChange) -> PotentialMatch:
    """The potential match that the change closes, as it is now."""
    match = PotentialMatch.objects.filter(pk=change.potential_match_id or 0).first()
    if match is None:
        raise NotFound("The potential match of this change does not exist.")
    return match


def carry_out(work: Work) -> IdentityEvent:
    """The act of the change."""
    return _ACTS[RematchKind(work.change.kind)](work)


def _split(work: Work) -> IdentityEvent:
    """Records leave for a golden record of their own."""
    (left,) = work.golden
    leaving = work.change.record_ids
    fit, _ = work.fit(0, without=leaving)
    decision_id = _keep(work, "new" if fit.best.verdict.grade == "certainly-not" else "review", fit)
    known = members_of(work.view, leaving)
    event = work.event(EventKind.SPLIT)
    links = {link.source_record_id: link for link in open_links([left.pk])[left.pk]}
    own = work.unit.create_golden_record(event)
    for record_id in leaving:
        is_first = record_id == leaving[0]
        work.unit.end_link(event, links[record_id], left)
        link = _open(work, event, record_id, own, decision_id, None if is_first else _nearest(work, record_id, known))
        link.origin = LinkOrigin.FIRST if is_first else LinkOrigin.ENGINE
    settle_questions(work.unit, event, open_matches([left.pk]).values())
    _tell_moved(work, event, left, own)
    return event


def _move(work: Work) -> IdentityEvent:
    """Records leave for a golden record that they fit better."""
    left, home = work.golden
    fit, _ = work.fit(1)
    decision_id = _keep(work, "link", fit)
    event = work.event(EventKind.MOVE)
    links = {link.source_record_id: link for link in open_links([left.pk])[left.pk]}
    for record_id in work.change.record_ids:
        work.unit.end_link(event, links[record_id], left)
        _open(work, event, record_id, home, decision_id, fit.best.right.record_id)
    settle_questions(work.unit, event, open_matches([left.pk, home.pk]).values())
    _tell_moved(work, event, left, home)
    return event


def _join(work: Work) -> IdentityEvent:
    """Golden records become one; the first survives."""
    survivor, *others = work.golden
    _, second = work.change.facts["pair"]
    side = next(number for number, ids in enumerate(work.sides) if second in ids)
    fit, _ = work.fit(side)
    decision_id = _keep(work, "join", fit)
    event = work.event(EventKind.JOIN)
    standing = open_links([golden.pk for golden in work.golden])
    links = {link.source_record_id: link for own in standing.values() for link in own}
    matches = open_matches([golden.pk for golden in work.golden])
    for retired in others:
        join_golden_records(
            work.unit,
            event,
            links,
            matches,
            retired=retired,
            survivor=survivor,
            reason_code=REASON_CODE,
            reason=event.reason,
            detail={"event": str(event.uuid), **work.said},
        )
    for link in work.unit.links_opened(event):
        link.decision_id, link.model_version_id = decision_id, work.run.model_version_id
    return event


def _close_question(work: Work) -> IdentityEvent:
    """A potential match has lost its reason."""
    match = question_of(work.change)
    event = work.event(EventKind.QUESTION)
    for golden in work.golden:
        work.unit.touch(event, golden)
    close_question(work.unit, event, match, "evidence-changed")
    return event


def _open_question(work: Work) -> IdentityEvent:
    """Two golden records may be one person: a steward decides."""
    one, other = work.golden
    fit, _ = work.fit(1)
    decision_id = _keep(work, "review", fit)
    event = work.event(EventKind.QUESTION)
    match = open_question(
        work.unit,
        event,
        one,
        other,
        fit,
        decision_id=decision_id,
        model_version_id=work.run.model_version_id,
        detail=work.said,
    )
    work.change.potential_match_id = match.pk
    return event


_ACTS: dict[RematchKind, Callable[[Work], IdentityEvent]] = {
    RematchKind.SPLIT: _split,
    RematchKind.MOVE: _move,
    RematchKind.JOIN: _join,
    RematchKind.CLOSE_QUESTION: _close_question,
    RematchKind.OPEN_QUESTION: _open_question,
}


def _keep(work: Work, outcome: Outcome, fit: Fit) -> int:
    return keep_change(
        work.unit, work.change, outcome, fit, work.view.model, model_version_id=work.run.model_version_id
    )


def _nearest(work: Work, record_id: int, known: dict[int, Member]) -> int:
    """Of the records that leave with it, the one by which it is their person."""
    others = [other for pk, other in known.items() if pk != record_id]
    best = max((scored_pair(known[record_id], other, work.view.model) for other in others), key=strength)
    return best.right.record_id


def _open(
    work: Work, event: IdentityEvent, record_id: int, golden: GoldenRecord, decision_id: int, supporting: int | None
) -> Link:
    return work.unit.open_link(
        event,
        record_id,
        golden,
        origin=LinkOrigin.ENGINE,
        supporting_record_id=supporting,
        decision_id=decision_id,
        model_version_id=work.run.model_version_id,
    )


def _tell_moved(work: Work, event: IdentityEvent, left: GoldenRecord, home: GoldenRecord) -> None:
    """Audit each record on both sides, and tell the subscribers of both."""
    unit, moved = work.unit, work.change.record_ids
    said = {"reason_code": REASON_CODE, "reason": event.reason, "detail": {"event": str(event.uuid), **work.said}}
    for record in SourceRecord.objects.filter(pk__in=moved).order_by("pk"):
        unit.audit_record(Action.LINK_ENDED, record, left, **said)
        unit.audit_record(Action.LINK_OPENED, record, home, **said)
    unit.notify("link.ended", left, record_ids=moved, related=[home.euid])
    unit.notify("link.opened", home, record_ids=moved, related=[left.euid])
