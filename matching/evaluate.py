"""How good are the persons? Figures from plain mappings: record -> person found, record -> true person.

Records without a known true person are left out of every figure. A pair is two records of one
person; a *false merge* is counted as the sum over persons of (distinct true people - 1).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Persons = Mapping[Hashable, Hashable]
"""Record -> person (found, or true)."""
Pairs = Iterable[tuple[Hashable, Hashable]]

NORMAL_95 = 1.959963984540054
"""Quantile of the normal distribution for a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % Wilson interval; of nothing it is 1.0 with the interval 0 to 1."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """hits / of."""
        return self.hits / self.of if self.of else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson (1927) score interval: sound for shares near 0 and 1, where automatic links live."""
        if not self.of:
            return (0.0, 1.0)
        z2 = NORMAL_95**2 / self.of
        centre = (self.value + z2 / 2) / (1 + z2)
        half = NORMAL_95 / (1 + z2) * math.sqrt(self.value * (1 - self.value) / self.of + z2 / (4 * self.of))
        # At 0 and at 1 the end is exact; rounding would leave it a hair inside.
        low = max(0.0, centre - half) if self.hits else 0.0
        high = min(1.0, centre + half) if self.hits < self.of else 1.0
        return (low, high)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one result against the truth.

    precision, recall   of pairs of records
    exact_persons       found persons that are one true person, whole, of all found persons
    people_found        the same persons, of all true people
    b_cubed             precision and recall averaged over records (Bagga and Baldwin 1998): of a record's own
                        person, the share that is right, and of its true person the share that is there
    false_merges        sum over found persons of (distinct true people - 1)
    in_review           records that take part in an open potential match, of all records
    """

    records: int
    precision: Share
    recall: Share
    exact_persons: Share
    people_found: Share
    b_cubed: tuple[float, float]
    false_merges: int
    in_review: Share

    @property
    def f1(self) -> float:
        """Harmonic mean of pairwise precision and recall."""
        return harmonic(self.precision.value, self.recall.value)

    @property
    def persons_f1(self) -> float:
        """Harmonic mean of exact persons among those found and among the true."""
        return harmonic(self.exact_persons.value, self.people_found.value)

    @property
    def false_merges_per_million(self) -> float:
        """False merges per million records."""
        return 1e6 * self.false_merges / self.records if self.records else 0.0

    def to_document(self) -> dict[str, object]:
        """Plain JSON for a model document, a page or the last line of a command."""
        return {
            "records": self.records,
            "pairwise_precision": self.precision.value,
            "pairwise_precision_interval": list(self.precision.interval),
            "pairwise_recall": self.recall.value,
            "pairwise_recall_interval": list(self.recall.interval),
            "pairwise_f1": self.f1,
            "exact_persons": self.exact_persons.value,
            "people_found": self.people_found.value,
            "persons_f1": self.persons_f1,
            "b_cubed_precision": self.b_cubed[0],
            "b_cubed_recall": self.b_cubed[1],
            "b_cubed_f1": harmonic(*self.b_cubed),
            "false_merges": self.false_merges,
            "false_merges_per_million": self.false_merges_per_million,
            "records_in_review": self.in_review.hits,
            "share_in_review": self.in_review.value,
        }


def evaluate(found: Persons, truth: Persons, review: Pairs = ()) -> Evaluation:
    """Compare found persons with true people. `review` holds the record pairs of open potential matches."""
    judged = [record for record in found if record in truth]
    both = Counter((found[record], truth[record]) for record in judged)
    in_found = Counter(found[record] for record in judged)
    in_truth = Counter(truth[record] for record in judged)
    right = sum(map(_pairs, both.values()))
    people: dict[Hashable, int] = defaultdict(int)
    for person, _ in both:
        people[person] += 1
    exact = sum(1 for (person, true), count in both.items() if count == in_found[person] and count == in_truth[true])
    reviewed = {record for pair in review for record in pair if record in truth}
    return Evaluation(
        records=len(judged),
        precision=Share(right, sum(map(_pairs, in_found.values()))),
        recall=Share(right, sum(map(_pairs, in_truth.values()))),
        exact_persons=Share(exact, len(in_found)),
        people_found=Share(exact, len(in_truth)),
        b_cubed=_b_cubed(both, in_found, in_truth),
        false_merges=sum(count - 1 for count in people.values()),
        in_review=Share(len(reviewed), len(judged)),
    )


def harmonic(one: float, other: float) -> float:
    """Harmonic mean of two shares, 0 when both are."""
    return 2 * one * other / (one + other) if one + other else 0.0


def _b_cubed(
    both: Mapping[tuple[Hashable, Hashable], int], in_found: Mapping[Hashable, int], in_truth: Mapping[Hashable, int]
) -> tuple[float, float]:
    """Each of the `count` records of a cell shares count / size of its person with its own kind."""
    records = sum(both.values())
    if not records:
        return (1.0, 1.0)
    precise = math.fsum(count * count / in_found[person] for (person, _), count in both.items())
    complete = math.fsum(count * count / in_truth[true] for (_, true), count in both.items())
    return (precise / records, complete / records)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def after_review(found: Persons, truth: Persons, review: Pairs) -> dict[Hashable, Hashable]:
    """The persons after a reviewer who is never wrong: reviewed pairs of one true person are joined."""
    parent: dict[Hashable, Hashable] = {person: person for person in found.values()}

    def root(person: Hashable) -> Hashable:
        while parent[person] != person:
            parent[person] = parent[parent[person]]
            person = parent[person]
        return person

    for left, right in review:
        if left in truth and right in truth and truth[left] == truth[right]:
            parent[root(found[left])] = root(found[right])
    return {record: root(person) for record, person in found.items()}


@dataclass(frozen=True, slots=True)
class CalibrationBand:
    """Pairs whose stated probability lies in [low, high): what was stated on average, what was true."""

    low: float
    high: float
    stated: float
    observed: Share


def calibration(stated: Iterable[tuple[float, bool]], bands: Sequence[float] | None = None) -> list[CalibrationBand]:
    """Group (stated probability, truly one person) by stated probability; deciles unless `bands` says otherwise.

    Bands without a pair are left out. The last band includes 1.
    """
    edges = list(bands) if bands is not None else [number / 10 for number in range(11)]
    groups: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for probability, same in stated:
        place = sum(1 for edge in edges[1:-1] if probability >= edge)
        groups[place].append((probability, same))
    return [
        CalibrationBand(
            low=edges[place],
            high=edges[place + 1],
            stated=math.fsum(probability for probability, _ in group) / len(group),
            observed=Share(sum(same for _, same in group), len(group)),
        )
        for place, group in sorted(groups.items())
    ]


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """What linking every pair at or over a probability would have meant."""

    threshold: float
    precision: Share
    recall: Share


def threshold_table(
    stated: Sequence[tuple[float, bool]], true_pairs: int, thresholds: Sequence[float]
) -> list[ThresholdRow]:
    """Precision and recall of pairs at each threshold; `true_pairs` counts those blocking missed too."""
    rows = []
    for threshold in thresholds:
        linked = [same for probability, same in stated if probability >= threshold]
        hits = sum(linked)
        rows.append(ThresholdRow(threshold, Share(hits, len(linked)), Share(hits, true_pairs)))
    return rows
