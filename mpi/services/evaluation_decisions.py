"""What stewards decided, as labels of pairs: answers, merges, separations, unlinks and unmerges that stand.

A decision is about two groups of records and counts once, as the closest pair between them: all pairs would count
a decision on two large persons a hundred times. What was undone, and a separation that was lifted, does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, product

from django.db.models import Q

from matching.join import separation
from mpi.models import EventKind, IdentityEvent, Link, PotentialMatchStatus, Separation
from mpi.queries.labels import standing_answers

_MOST_PAIRS = 400
"""Pairs of one decision that are scored to find the closest."""
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Decided:
    """One standing decision: the pairs of source records it is about, the lower id first, and what was decided.

    `through` is `question` (the review queue asked), or the act: `merge`, `separate`, `unlink`, `unmerge`.
    """

    pairs: tuple[Pair, ...]
    same: bool
    through: str
    decided_at: datetime


def standing_decisions() -> list[Decided]:
    """All of them, oldest first. A few queries, and two for each merge by hand."""
    asked = list(_answered())
    by_answer = {event_id for event_id, _ in asked}
    found = [decided for _, decided in asked]
    found += _separated(by_answer)
    found += _merged(by_answer)
    return sorted(found, key=lambda decided: decided.decided_at)


def _answered() -> Iterator[tuple[int, Decided]]:
    """Answers of people to questions, with the key of their event."""
    for match in standing_answers().select_related("resolved_by_event"):
        event = match.resolved_by_event
        if event is None:
            continue
        same = match.status == PotentialMatchStatus.SAME
        through = "unmerge" if event.kind == EventKind.UNMERGE else "question"
        pair = separation(match.record_a_id, match.record_b_id)
        yield event.pk, Decided((pair,), same, through, event.recorded_at)


def _separated(by_answer: set[int]) -> Iterator[Decided]:
    """Standing separations that no question brought about."""
    standing = Separation.objects.filter(lifted_at__isnull=True).exclude(event__actor_kind="system")
    for kept_apart in standing.exclude(event__in=by_answer).select_related("event").prefetch_related("pairs"):
        pairs = tuple((pair.record_low_id, pair.record_high_id) for pair in kept_apart.pairs.all())
        if pairs:
            yield Decided(pairs[:_MOST_PAIRS], False, str(kept_apart.event.kind), kept_apart.recorded_at)


def _merged(by_answer: set[int]) -> Iterator[Decided]:
    """Merges by hand that stand and answered no question: what moved against what was there."""
    merges = IdentityEvent.objects.filter(kind=EventKind.MERGE, undone_by__isnull=True).exclude(pk__in=by_answer)
    for event in merges.exclude(actor_kind="system"):
        moved = Link.objects.filter(opened_by_event=event).values_list("source_record_id", "golden_record_id")
        survivors = {golden for _, golden in moved}
        before = Link.objects.filter(golden_record__in=survivors, opened_by_event__lt=event.pk)
        before = before.filter(Q(ended_by_event__isnull=True) | Q(ended_by_event__gt=event.pk))
        there = before.values_list("source_record_id", flat=True)
        pairs = (separation(one, other) for one, other in product((record for record, _ in moved), there))
        if told := tuple(islice(pairs, _MOST_PAIRS)):
            yield Decided(told, True, "merge", event.recorded_at)


def closest(pairs: Iterable[Pair], weigh: Callable[[int, int], float | None]) -> Pair | None:
    """The pair of the greatest weight; None when none can be weighed (a record is no longer linked)."""
    weighed = [(bits, pair) for pair in pairs if (bits := weigh(*pair)) is not None]
    return max(weighed)[1] if weighed else None


@dataclass(frozen=True, slots=True)
class EngineLink:
    """An automatic link: a record and the record that earned it; `judged_wrong` by a person who took them apart."""

    record_id: int
    supporting_id: int
    judged_wrong: bool


def engine_links() -> Iterator[EngineLink]:
    """Links that the engine made and that stand, were carried along by a merge, or were ended by a person.

    Links that the engine itself replaced are left out: it no longer stands by them.
    """
    apart = frozenset(
        (low, high)
        for low, high in Separation.objects.filter(lifted_at__isnull=True)
        .exclude(event__actor_kind="system")
        .values_list("pairs__record_low", "pairs__record_high")
    )
    made = Link.objects.filter(origin="engine", supporting_record__isnull=False)
    kept = Q(ended_at__isnull=True) | Q(ended_by_event__kind=EventKind.JOIN) | ~Q(ended_by_event__actor_kind="system")
    seen: set[Pair] = set()
    rows = made.filter(kept).order_by("pk").values_list("source_record_id", "supporting_record_id")
    for record_id, supporting_id in rows.iterator(chunk_size=5_000):
        pair = separation(record_id, supporting_id)
        if pair not in seen:
            seen.add(pair)
            yield EngineLink(record_id, supporting_id, pair in apart)
