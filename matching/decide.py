"""One record against the persons that blocking found -> a Decision with its grade and reasons.

The subject links when exactly one person fits with certainty and none of that person's records speaks
against it. Several that fit are made one only if they may all be one; otherwise it links to none and each
goes to review. So the result does not depend on the order of arrival beyond what review decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matching.compare import compare
from matching.decision import Decision, Fit, ReviewItem
from matching.join import (
    SEPARATED,
    Member,
    ScoredPair,
    Separations,
    judge_join,
    may_join,
    pairs_within,
    separation,
    strength,
)
from matching.model import LinkageModel
from matching.policy import judge
from matching.score import score_levels, total_bits
from matching.settle import CLEARLY_STRONGER, NO_RIVAL, automatic_if_sole
from matching.verdict import Reason

__all__ = ["Decision", "Member", "Outcome", "Person", "ReviewItem", "decide", "may_join", "separation"]

Outcome = Literal["link", "join", "review", "new"]

_TWO_FIT = Reason("several-fit", "Several persons fit and contradict each other: linked to none of them.")
_HUMAN = Reason("human-decided", "Joining would touch a person on whom a steward has decided.")
_REFUSED = Reason("member-refuses", "One record fits, but another record of the same person speaks against it.")
_STRONGEST = Reason("clearly-strongest", "Several persons fit; one is a thousand times likelier than any other.")
_SOLE = Reason("sole-candidate", "Little is known, but nobody else in the index fits.")
_FITS = Reason("fits", "One person fits with certainty.")
_BRIDGE = Reason("bridge", "The record shows that several persons are one.")
_HELD = Reason("held", "Probable or possible, but not certain: a steward decides.")
_NOBODY = Reason("nobody-fits", "No person in the index fits.")


@dataclass(frozen=True, slots=True)
class Person:
    """A candidate: the source records with an open link to one golden record."""

    person_id: int
    members: tuple[Member, ...]
    decided_by_human: bool = False


def decide(
    subject: Member,
    persons: Sequence[Person],
    model: LinkageModel,
    *,
    separated: Separations = frozenset(),
    current_person_id: int | None = None,
) -> Decision:
    """Decide where the subject belongs. Pure: same input, same Decision, whatever the order of `persons`.

    The subject itself among the members of a person is passed over; a person without other
    members is no candidate. `current_person_id` is where an updated record is linked now: the
    Decision then says in `fits_current` whether it still fits there.
    """
    fits = [
        fit
        for person in sorted(persons, key=lambda person: person.person_id)
        if (fit := _fit(subject, person, model, separated)) is not None
    ]
    strong = [fit for fit in fits if fit.join.earned]
    if not strong and (sole := _sole(fits, model, separated)) is not None:
        return _decision("link", subject, fits, [sole], (_SOLE,), model, current_person_id)
    if not strong:
        outcome: Outcome = "review" if any(_reviewable(fit) for fit in fits) else "new"
        reason = _HELD if outcome == "review" else _NOBODY
        return _decision(outcome, subject, fits, [], (reason,), model, current_person_id)
    if (objection := _objection(strong, model, separated)) is not None:
        if objection is _TWO_FIT and (clear := _clearly_strongest(strong, separated)) is not None:
            return _decision("link", subject, fits, [clear], (_STRONGEST,), model, current_person_id)
        return _decision("review", subject, fits, [], (objection,), model, current_person_id)
    if len(strong) == 1:
        return _decision("link", subject, fits, strong, (_FITS,), model, current_person_id)
    return _decision("join", subject, fits, strong, (_BRIDGE,), model, current_person_id)


def _fit(subject: Member, person: Person, model: LinkageModel, separated: Separations) -> Fit | None:
    """How the person fits, or None when no record of it comes near or a separation forbids it for ever."""
    members = [member for member in person.members if member.record_id != subject.record_id]
    record, established = subject.record, model.established_given
    levels = [compare(record, member.record, established) for member in members]
    # Most candidates are strangers: they cost a comparison and a sum, and no object.
    if not any(total_bits(each, record, model)[0] >= model.review_bits for each in levels):
        return None
    if separated and any(separation(subject.record_id, member.record_id) in separated for member in members):
        return None
    scores = [score_levels(each, record, model) for each in levels]
    pairs = tuple(
        ScoredPair(subject, member, scored, judge(record, member.record, scored, model))
        for member, scored in zip(members, scores, strict=True)
    )
    verdict = judge_join(pairs, frozenset())
    if verdict.refusals:
        # Asked as a bridge or the bulk path would ask: otherwise the last record of a person to come would be
        # refused for a difference that is forgiven when it comes first.
        verdict = judge_join(pairs, frozenset(), inside=pairs_within(members, model))
    return Fit(person.person_id, person.decided_by_human, tuple(members), pairs, verdict)


def _reviewable(fit: Fit) -> bool:
    return fit.best.verdict.grade != "certainly-not"


def _sole(fits: Sequence[Fit], model: LinkageModel, separated: Separations) -> Fit | None:
    """The person that fits a record of which too little is known, if no other fits that cannot be the same one.

    Whom the person leads by far is no rival: the answer would depend on who came first.
    """
    alive = sorted((fit for fit in fits if _reviewable(fit) and not fit.join.refusals), key=_strength)
    if not alive or not automatic_if_sole(alive[-1].join):
        return None
    *others, sole = alive
    side = (*sole.members, sole.best.left)
    for other in others:
        weaker = sole.best.score.bits - other.best.score.bits >= NO_RIVAL
        refusals = may_join(side, other.members, model, separated=separated).refusals
        if any(refusal.reason is SEPARATED or not weaker for refusal in refusals):
            return None
    return sole


def _strength(fit: Fit) -> tuple[bool, bool, float, int, int]:
    certain, bits, *ids = strength(fit.best)
    return (certain, automatic_if_sole(fit.join), bits, ids[0], ids[1])


def _objection(strong: Sequence[Fit], model: LinkageModel, separated: Separations) -> Reason | None:
    """Why the certain fits may not all become one person with the subject."""
    if any(fit.join.refusals for fit in strong):
        return _REFUSED if len(strong) == 1 else _TWO_FIT
    if len(strong) == 1:
        return None
    if any(fit.decided_by_human for fit in strong):
        return _HUMAN
    for number, fit in enumerate(strong):
        for other in strong[number + 1 :]:
            side = (*fit.members, fit.best.left)
            if may_join(side, other.members, model, separated=separated).refusals:
                return _TWO_FIT
    return None


def _clearly_strongest(strong: Sequence[Fit], separated: Separations) -> Fit | None:
    """The fit that leads all others by far, unless one of its own records speaks against it or a human decided.

    Two whom a steward has kept apart are alike enough to have been taken for one: between them a steward decides.
    """
    first, second, *_ = sorted(strong, key=_strength, reverse=True)
    leads = first.best.score.bits - second.best.score.bits >= CLEARLY_STRONGER
    return first if leads and not first.join.refusals and not _kept_apart(strong, separated) else None


def _kept_apart(strong: Sequence[Fit], separated: Separations) -> bool:
    if not separated:
        return False
    place = {member.record_id: number for number, fit in enumerate(strong) for member in fit.members}
    return any(low in place and high in place and place[low] != place[high] for low, high in separated)


def _decision(
    outcome: Outcome,
    subject: Member,
    fits: Sequence[Fit],
    chosen: Sequence[Fit],
    reasons: tuple[Reason, ...],
    model: LinkageModel,
    current_person_id: int | None,
) -> Decision:
    chosen_ids = tuple(fit.person_id for fit in chosen)
    ranked = sorted(fits, key=lambda fit: strength(fit.best), reverse=True)
    held = [fit for fit in ranked if fit.person_id not in chosen_ids and _reviewable(fit)]
    review = tuple(
        ReviewItem(fit.person_id, fit.best.right.record_id, fit.best.score, fit.best.verdict) for fit in held
    )
    held_grade = held[0].best.verdict.grade if held else "certainly-not"
    return Decision(
        outcome=outcome,
        subject=subject,
        person_ids=chosen_ids,
        grade="certain" if chosen else held_grade,
        review=review,
        reasons=reasons,
        fits=tuple(ranked),
        model_version=model.version,
        model_hash=model.content_hash,
        fits_current=None if current_person_id is None else current_person_id in chosen_ids,
    )
