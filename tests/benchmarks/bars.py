"""The bars that issue 3 sets to matching, and one measured figure against each."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matching.evaluate import after_review, evaluate
from tests.benchmarks.arriving import Arrival

_HOLDS: dict[str, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure, and the bound that it must keep: `relation` is ">=", "<=" or "<"."""

    subject: str
    figure: str
    value: float
    relation: str
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        return _HOLDS[self.relation](self.value, self.bound)

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "FALLS SHORT"
        return f"{self.subject:<44} {self.figure:<34} {self.value:>12.6g} {self.relation:>2} {self.bound:<8g} {verdict}"

    def to_document(self) -> dict[str, object]:
        """Plain JSON."""
        return {
            "subject": self.subject,
            "figure": self.figure,
            "value": self.value,
            "relation": self.relation,
            "bound": self.bound,
            "holds": self.holds,
        }


Bounds = Mapping[str, tuple[str, float]]
GENERATED: Bounds = {
    "pairwise_precision": (">=", 0.9995),
    "pairwise_recall": (">=", 0.95),
    "false_merges_per_million": ("<=", 150),
    "share_in_review": ("<=", 0.045),
    "f1_after_perfect_review": (">=", 0.997),
}
FEBRL: Bounds = {
    "false_merges": ("<=", 0),
    "pairwise_recall": (">=", 0.95),
    "share_in_review": ("<=", 0.05),
    "f1_after_perfect_review": (">=", 0.998),
}
PSEUDOPEOPLE: Bounds = {
    "pairwise_precision": (">=", 0.9995),
    "pairwise_recall": (">=", 0.83),
    "share_in_review": ("<=", 0.13),
    "f1_after_perfect_review": (">=", 0.983),
}
NO_BOUNDS: Bounds = {}


def figures(result: Arrival, truth: Mapping[int, str]) -> dict[str, float]:
    """What a model document keeps of one set: precision, recall, false merges, review, F1 after a perfect review."""
    found = evaluate(result.persons, truth, result.review)
    reviewed = evaluate(after_review(result.persons, truth, result.review), truth)
    return {
        "records": found.records,
        "pairwise_precision": found.precision.value,
        "pairwise_recall": found.recall.value,
        "false_merges": found.false_merges,
        "false_merges_per_million": found.false_merges_per_million,
        "records_in_review": found.in_review.hits,
        "share_in_review": found.in_review.value,
        "f1_after_perfect_review": reviewed.f1,
    }


def against(subject: str, measured: Mapping[str, float], bounds: Bounds) -> list[Bar]:
    """The measured figures that have a bound."""
    return [Bar(subject, name, measured[name], *bound) for name, bound in bounds.items()]
