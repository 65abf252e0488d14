"""The figures of one evaluation: every pair that the keys bring together scored again, against truth or decisions.

Document (`FORMAT` 1): `records`, `links_by_model` (open links by the version they were made under), `persons` (with a
truth file), `review`, `pairs` (see `matching.evaluate_pairs`), `ladders` (see `matching.evaluate_ladder`), `decisions`
(without a truth file). No value of a patient and no number of a source is in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count

from matching.blocking import RULES
from matching.evaluate import Evaluation, Share, after_review, evaluate, harmonic
from matching.evaluate_ladder import Ladder
from matching.evaluate_pairs import PairFigures, share_document, true_pair_count
from matching.join import separation
from matching.model import LinkageModel
from matching.policy import judge
from matching.score import Score, score
from matching.verdict import Verdict
from mpi.models import Link, PotentialMatch, PotentialMatchStatus
from mpi.services.evaluation_decisions import Decided, Pair, closest, engine_links, standing_decisions
from mpi.services.evaluation_records import Advance, Records, found_pairs, keys_database, read_records
from mpi.services.evaluation_records import true_pairs_with_a_key as pairs_with_a_key

FORMAT = 1
_LEAST_PROBABILITY = 0.01
"""Persons apart whose best pair lies below are no question under any threshold that a page offers."""
_NEVER_ASKED = "two-people"
Known = Callable[[int, int], bool | None]


@dataclass(frozen=True, slots=True)
class Result:
    """The figures document, and what it was computed over."""

    figures: dict[str, object]
    fingerprint: str
    records: int
    decisions_until: datetime | None = None


@dataclass(slots=True)
class _Apart:
    """The best pair between two persons."""

    bits: float
    probability: float
    is_free: bool
    same: bool | None


@dataclass(slots=True)
class _Work:
    """Everything that grows while pairs go by. `judged` are pairs whose answer is known beforehand, unmet so far."""

    records: Records
    model: LinkageModel
    known: Known
    figures: PairFigures = field(default_factory=PairFigures)
    apart: dict[Pair, _Apart] = field(default_factory=dict)
    links: Ladder = field(default_factory=Ladder)

    def score(self, one: int, other: int) -> Score:
        """The pair as the engine scores it."""
        return score(self.records.standard(one), self.records.standard(other), self.model)

    def add(self, one: int, other: int, mask: int) -> None:
        """Score and count one pair of records, by number."""
        a, b = self.records.standard(one), self.records.standard(other)
        scored = score(a, b, self.model)
        verdict = judge(a, b, scored, self.model)
        same = self.known(one, other)
        self.figures.add(scored, verdict, same, mask)
        left, right = self.records.persons[one], self.records.persons[other]
        if left != right:
            self._note_apart((left, right) if left < right else (right, left), scored, verdict, same)

    def _note_apart(self, persons: Pair, scored: Score, verdict: Verdict, same: bool | None) -> None:
        probability = scored.probability
        if probability < _LEAST_PROBABILITY or any(reason.code == _NEVER_ASKED for reason in verdict.vetoes):
            return
        best = self.apart.get(persons)
        if best is None or scored.bits > best.bits:
            is_free = not verdict.reasons and verdict.grade != "certain"
            self.apart[persons] = _Apart(scored.bits, probability, is_free, same)

    def ladders(self) -> dict[str, object]:
        """What the threshold explorer needs."""
        free, held = Ladder(), Ladder()
        for found in self.apart.values():
            (free if found.is_free else held).add(found.probability, found.same)
        thresholds = self.model.thresholds
        return {
            "automatic": thresholds.automatic,
            "review": thresholds.review,
            "automatic_bits": self.model.automatic_bits,
            "review_bits": self.model.review_bits,
            "links": self.links.to_document(),
            "free": free.to_document(),
            "held": held.to_document(),
        }


def by_truth(people: Mapping[int, int], model: LinkageModel, *, advance: Advance) -> Result:
    """Evaluate against a truth: source record id -> person. `advance` is told of records, each twice."""
    with keys_database() as database:
        records = read_records(database, advance=advance)
        truth = {number: people[pk] for number, pk in enumerate(records.ids) if pk in people}

        def known(one: int, other: int) -> bool | None:
            if one not in truth or other not in truth:
                return None
            return truth[one] == truth[other]

        work = _Work(records, model, known)
        for one, other, mask in found_pairs(database, len(records.ids), advance=advance):
            work.add(one, other, mask)
        with_a_key = pairs_with_a_key(database, truth)
    numbers = records.numbers()
    _count_links(work, numbers, lambda one, other, wrong: known(one, other))
    found: dict[Hashable, Hashable] = dict(enumerate(records.persons))
    true_people: dict[Hashable, Hashable] = dict(truth.items())
    questions = _open_questions(numbers)
    figures = evaluate(found, true_people, questions)
    reviewed = evaluate(after_review(found, true_people, questions), true_people)
    true_pairs = true_pair_count(Counter(truth.values()))
    pairs = work.figures.to_document(RULES, true_pairs)
    pairs["blocking"] |= {"with_a_key": share_document(Share(with_a_key, true_pairs))}  # type: ignore[operator]
    document = {
        "format": FORMAT,
        "records": {"index": len(found), "judged": len(truth), "people": len(set(truth.values()))},
        "links_by_model": _links_by_model(),
        "persons": _persons(figures, reviewed),
        "review": share_document(figures.in_review),
        "pairs": pairs,
        "ladders": work.ladders(),
        "decisions": None,
    }
    return Result(document, records.fingerprint, len(found))


def by_decisions(model: LinkageModel, *, advance: Advance) -> Result:
    """Evaluate against what stewards decided. Only pairs that somebody was asked about are judged."""
    decisions = standing_decisions()
    with keys_database() as database:
        records = read_records(database, advance=advance)
        numbers = records.numbers()
        labels: dict[Pair, bool] = {}
        work = _Work(records, model, lambda one, other: labels.get(separation(one, other)))
        counted = _label(decisions, labels, work, numbers)
        unmet = set(labels)
        for one, other, mask in found_pairs(database, len(records.ids), advance=advance):
            work.add(one, other, mask)
            unmet.discard((one, other))
    for one, other in sorted(unmet):
        work.add(one, other, 0)
    _count_links(work, numbers, lambda one, other, wrong: False if wrong else work.known(one, other))
    links = work.links.over(0.0)
    asked = {number for pair in _open_questions(numbers) for number in pair}
    document = {
        "format": FORMAT,
        "records": {"index": len(records.ids), "judged": len({number for pair in labels for number in pair})},
        "links_by_model": _links_by_model(),
        "persons": None,
        "review": share_document(Share(len(asked), len(records.ids))),
        "pairs": work.figures.to_document(RULES, None),
        "ladders": work.ladders(),
        "decisions": {
            "standing": len(decisions),
            "labels": len(labels),
            "same": sum(labels.values()),
            "different": len(labels) - sum(labels.values()),
            "through": dict(counted),
            "links": {"pairs": links.pairs, "judged": links.judged, "wrong": links.different},
        },
    }
    until = max((decided.decided_at for decided in decisions), default=None)
    return Result(document, records.fingerprint, len(records.ids), until)


def _label(decisions: list[Decided], labels: dict[Pair, bool], work: _Work, numbers: Mapping[int, int]) -> Counter[str]:
    """Each decision as one label, a later one over an earlier one of the same pair; counted by how it came about."""
    counted: Counter[str] = Counter()

    def weigh(one: int, other: int) -> float | None:
        if one not in numbers or other not in numbers:
            return None
        return work.score(numbers[one], numbers[other]).bits

    for decided in decisions:
        pair = closest(decided.pairs, weigh)
        if pair is None:
            counted["no longer linked"] += 1
            continue
        labels[numbers[pair[0]], numbers[pair[1]]] = decided.same
        counted[decided.through] += 1
    return counted


def _count_links(work: _Work, numbers: Mapping[int, int], judged: Callable[[int, int, bool], bool | None]) -> None:
    for link in engine_links():
        if link.record_id in numbers and link.supporting_id in numbers:
            one, other = numbers[link.record_id], numbers[link.supporting_id]
            work.links.add(work.score(one, other).probability, judged(one, other, link.judged_wrong))


def _open_questions(numbers: Mapping[int, int]) -> list[Pair]:
    """The pairs of open potential matches, by number."""
    asked = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN).values_list("record_a_id", "record_b_id")
    return [(numbers[one], numbers[other]) for one, other in asked if one in numbers and other in numbers]


def _links_by_model() -> dict[str, int]:
    """Open links that two records earned, by the version they were made under, the most first."""
    linked = Link.objects.filter(ended_at__isnull=True, supporting_record__isnull=False, model_version__isnull=False)
    counted = linked.values_list("model_version__name").annotate(links=Count("pk")).order_by("-links")
    return dict(counted)


def _persons(figures: Evaluation, reviewed: Evaluation) -> dict[str, object]:
    precise, complete = figures.b_cubed
    return {
        "records": figures.records,
        "precision": share_document(figures.precision),
        "recall": share_document(figures.recall),
        "f1": figures.f1 if figures.recall.of else None,
        "f1_after_review": reviewed.f1 if figures.recall.of else None,
        "exact_persons": share_document(figures.exact_persons),
        "people_found": share_document(figures.people_found),
        "persons_f1": figures.persons_f1,
        "b_cubed": {"precision": precise, "recall": complete, "f1": harmonic(precise, complete)},
        "false_merges": figures.false_merges,
        "false_merges_per_record": share_document(Share(figures.false_merges, figures.records)),
    }
