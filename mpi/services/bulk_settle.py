"""Records that may be one person -> persons, and for each record the decision that the online path would have made.

Persons come from constrained clusters, strongest evidence first, whatever the order of the file. The decision of a
record is then taken by the online predicate against the records before it, at the persons they belong to. Where
it differs from the cluster (evidence came later in the file, or a stronger join was in the way), the cluster
counts and the decision says so. Pure: no database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from matching.cluster import Clusters, cluster
from matching.decide import Person, decide
from matching.decision import Decision, Fit, ReviewItem
from matching.join import Member
from matching.model import LinkageModel
from matching.policy import Reason
from matching.records import StandardRecord

_CAME_TOGETHER = Reason("came-together", "Records of the same load show together whose this one is.")
_STRONGER = Reason("stronger-join", "It fits, but stronger evidence in the same load makes it another person.")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one record belongs: `person` is the key of its golden record, made by the first record of it.

    `supporting` is the record that earned the link, None for the first of a person; `asks` are the other
    persons that may be the same, with how they fit.
    """

    record_id: int
    person: int
    is_first: bool
    decision: Decision
    supporting: int | None
    asks: tuple[tuple[int, Fit], ...]


def settle_component(
    records: Mapping[int, StandardRecord], pairs: Sequence[tuple[int, int]], model: LinkageModel, *, offset: int
) -> list[Placed]:
    """Place the records of one connected component, ascending ids. `pairs` share a key, ids ascending.

    The key of a person's golden record is the lowest id of its records plus `offset`.
    """
    clusters = cluster(records, pairs, model)
    persons = {number: lowest + offset for number, lowest in clusters.persons.items()}
    near: dict[int, set[int]] = defaultdict(set)
    for left, right in pairs:
        near[right].add(persons[left])
    so_far: dict[int, list[Member]] = defaultdict(list)
    placed = []
    for number in sorted(records):
        subject = Member(number, records[number])
        candidates = [Person(pk, tuple(so_far[pk])) for pk in sorted(near[number] | {persons[number]}) if so_far[pk]]
        decision = decide(subject, candidates, model)
        placed.append(_placed(decision, persons[number], clusters, is_first=not so_far[persons[number]]))
        so_far[persons[number]].append(subject)
    return placed


def settle_alone(record_id: int, record: StandardRecord, model: LinkageModel, *, offset: int) -> Placed:
    """A record that nothing comes near."""
    decision = decide(Member(record_id, record), (), model)
    return Placed(record_id, record_id + offset, True, decision, None, ())


def _placed(decision: Decision, person: int, clusters: Clusters, *, is_first: bool) -> Placed:
    number = decision.subject.record_id
    wanted = () if is_first else (person,)
    held = {item.person_id for item in decision.review} | set(decision.person_ids)
    supporting = None
    if decision.person_ids != wanted:
        decision = _overruled(decision, wanted)
    if wanted:
        own = next((fit for fit in decision.fits if fit.person_id == person), None)
        supporting = own.best.right.record_id if own else _earned_with(number, clusters)
    fits = {fit.person_id: fit for fit in decision.fits}
    asks = tuple((pk, fits[pk]) for pk in sorted(held - {person}) if pk in fits)
    return Placed(number, person, is_first, decision, supporting, asks)


def _overruled(decision: Decision, wanted: tuple[int, ...]) -> Decision:
    """The decision as the cluster has it."""
    review = tuple(_items(decision.fits, besides=wanted))
    if wanted:
        return replace(
            decision, outcome="link", person_ids=wanted, grade="certain", review=review, reasons=(_CAME_TOGETHER,)
        )
    return replace(
        decision,
        outcome="review" if review else "new",
        person_ids=(),
        grade=review[0].verdict.grade if review else "certainly-not",
        review=review,
        reasons=(_STRONGER,),
    )


def _items(fits: Iterable[Fit], *, besides: tuple[int, ...]) -> Iterable[ReviewItem]:
    for fit in fits:
        best = fit.best
        if fit.person_id not in besides and best.verdict.grade != "certainly-not":
            yield ReviewItem(fit.person_id, best.right.record_id, best.score, best.verdict)


def _earned_with(number: int, clusters: Clusters) -> int:
    """The other record of the strongest pair by which this one came to its person."""
    for pair in clusters.earned:
        ids = (pair.left.record_id, pair.right.record_id)
        if number in ids:
            return ids[1] if ids[0] == number else ids[0]
    raise ValueError("A record of a person of several was joined by no pair.")


def components(numbers: int, pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """Connected components of more than one record: lowest number -> all its numbers, ascending."""
    parent = list(range(numbers))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    touched: set[int] = set()
    for left, right in pairs:
        touched.update((left, right))
        one, other = root(left), root(right)
        if one != other:
            parent[max(one, other)] = min(one, other)
    found: dict[int, list[int]] = defaultdict(list)
    for number in sorted(touched):
        found[root(number)].append(number)
    return dict(found)
