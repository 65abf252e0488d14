"""A month at the desk of the demonstration: questions come, three stewards answer, some too fast.

Stefan is careful, Sonja takes her time, Samuel is quick and is overruled now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.utils import timezone

from mpi.errors import MpiError
from mpi.management.demo_clock import Step, at, days, person, question, tell
from mpi.management.demo_people import PAIRS, Pair, pair
from review.basis import basis_of
from review.models import Outcome, ReviewDecision
from review.services.claim import claim
from review.services.decide import decide
from review.services.defer import defer
from review.services.note import add_note
from review.services.undo import undo

SPAN = 27
"""Days from the first question to the last."""
_STEWARDS = ("steward", "steward2", "steward3")
_SECONDS = {"steward": (14, 22, 31, 19), "steward2": (38, 26, 55, 71), "steward3": (6, 9, 5, 12)}
_WAITED = (0.3, 1.1, 2.2, 0.6, 3.4, 4.6, 1.6)
"""Days from question to answer, in turn."""
UNDECIDED = frozenset({2, 7, 20, 30, 39, 45, 50, 52, 55, 57, 59, 60, 61, 62, 63})
"""Pairs whose question nobody has answered: some over their target, the last ones fresh."""
_HASTY = frozenset({10, 14, 26})
"""Pairs of two people whom Samuel took for one, and Sonja took apart again."""
_READ_TWICE = frozenset(range(1, 42)) | {44}
"""Pairs of the blind sample: two stewards answer each without seeing the other's answer."""
_MISREAD = frozenset({4, 13, 16, 22, 24, 32, 34, 44})
"""Pairs of the sample whose second reader errs; a third settles them, but for the last one."""
_UNSETTLED = 44
_REASONS = {
    "twins": "twins",
    "namesake": "namesake",
    "junior": "family-member",
    "two-numbers": "namesake",
    "initial": "source-confirmed",
    "moved": "patient-confirmed",
    "swapped": "documents-seen",
    "nickname": "patient-confirmed",
}


def questions_and_answers(began: datetime) -> list[Step]:
    """All steps of the pairs that end with `began`, in no order."""
    steps = []
    for number in range(0, PAIRS, 2):
        come = (pair(number), pair(number + 1))
        opened = opened_at(number, began)
        steps.append(Step(opened, partial(tell, [told for two in come for told in (two.first, two.second)])))
        for two in come:
            if two.number not in UNDECIDED:
                steps += _answered(two, _session(two.number, opened + days(_WAITED[two.number % 7]), began), began)
    return [*steps, *_set_aside(began)]


def opened_at(number: int, began: datetime) -> datetime:
    """When the pair of this number came, together with the next one."""
    day = began - days(SPAN * (1 - number / PAIRS))
    return day - timedelta(minutes=20 * (number % 9))


def _session(number: int, ready: datetime, began: datetime) -> datetime:
    """When its steward sits down to it: each of them answers every other day, what has come, in one hour."""
    day = ready.replace(minute=0, second=0, microsecond=0)
    while (day.toordinal() + number % 3) % 2 or not 9 <= day.hour < 16:
        day += timedelta(hours=1)
    return min(day + timedelta(minutes=5 + number * 7 % 50), began - timedelta(hours=1, minutes=number))


def _answered(two: Pair, when: datetime, began: datetime) -> list[Step]:
    number = two.number
    if number in _HASTY:
        later = min(when + timedelta(hours=5), began)
        overrule = Step(later, partial(_overrule, two, later))
        return [Step(when, partial(answer, two, "steward3", when, same=True)), overrule]
    # Two people with two valid numbers are looked at by two anyway, and are not sampled.
    if number not in _READ_TWICE or two.case == "two-numbers":
        return [Step(when, partial(answer, two, _STEWARDS[number % 3], when, same=two.is_one_person))]
    readings = [two.is_one_person, two.is_one_person ^ (number in _MISREAD)]
    if number in _MISREAD and number != _UNSETTLED:
        readings.append(two.is_one_person)
    steps = []
    for place, same in enumerate(readings):
        at_time = min(when + timedelta(hours=23 * place), began - timedelta(minutes=60 - 20 * place))
        reader = _STEWARDS[(_careful_first(number) + place) % 3]
        steps.append(Step(at_time, partial(answer, two, reader, at_time, same=same, sampled=True)))
    return steps


def _careful_first(number: int) -> int:
    """Who reads first: where the second errs, that is mostly Samuel."""
    return 1 if number in _MISREAD and number != 24 else number % 3


def answer(two: Pair, steward: str, when: datetime, *, same: bool, sampled: bool = False) -> None:
    """A steward claims the question, looks, and answers. What somebody else has answered stays as it is."""
    match = question(two.second) or question(two.first)
    if match is None:
        return
    seconds = _SECONDS[steward][two.number % 4]
    shown = when - timedelta(seconds=seconds)
    with suppress(MpiError), _sample(sampled):
        with at(shown - timedelta(seconds=1)):
            claim(task=match.uuid, actor=person(steward))
        with at(when):
            decide(
                task=match.uuid,
                outcome=Outcome.SAME if same else Outcome.DIFFERENT,
                token=basis_of(match).token(shown_at=shown),
                reason_code="same-data" if same and not two.is_one_person else _REASONS[two.case],
                comment="",
                actor=person(steward),
            )


@contextmanager
def _sample(chosen: bool) -> Iterator[None]:
    """The share of the blind sample is all or nothing for the block: which tasks it takes is else a keyed chance."""
    share = settings.BLIND_REVIEW_SHARE
    settings.BLIND_REVIEW_SHARE = 1.0 if chosen else 0.0
    try:
        yield
    finally:
        settings.BLIND_REVIEW_SHARE = share


def _overrule(two: Pair, when: datetime) -> None:
    """Sonja takes Samuel's answer back, says why, and answers herself."""
    given = ReviewDecision.objects.filter(
        potential_match__record_b__mrn__in=(two.first.mrn, two.second.mrn), overturned_at__isnull=True
    ).first()
    if given is None:
        return
    with at(when):
        undo(answer=given.uuid, actor=person("steward2"))
        words = "These are two people: the birth certificate names both. Please look at the given names first."
        add_note(task=given.potential_match.uuid, text=words, actor=person("steward2"))
    answer(two, "steward2", when + timedelta(minutes=2), same=False)


def _set_aside(began: datetime) -> list[Step]:
    """Questions that stewards could not answer yet."""
    asked = (
        (7, Outcome.CANNOT_TELL, "steward", "Only an initial; the clinic has no address.", 1),
        (7, Outcome.CANNOT_TELL, "steward2", "Neither can I. The patient comes back in spring.", 1),
        (50, Outcome.FIX_AT_SOURCE, "steward", "The clinic looks for the registration form.", 1),
        (55, Outcome.LATER, "steward2", "The family calls back after the weekend.", 5),
    )
    steps = []
    for place, one in enumerate(asked):
        when = began - timedelta(hours=30 - 3 * place)
        steps.append(Step(when, partial(_put_off, *one, when=when)))
    return steps


def _put_off(number: int, outcome: Outcome, steward: str, words: str, wait: int, *, when: datetime) -> None:
    match = question(pair(number).second) or question(pair(number).first)
    if match is None:
        return
    token = basis_of(match).token(shown_at=min(when, timezone.now()) - timedelta(seconds=48))
    with at(when), suppress(MpiError):
        defer(
            task=match.uuid,
            outcome=outcome,
            token=token,
            reason_code="",
            comment=words,
            days=wait,
            actor=person(steward),
        )
