"""The stored evidence of one scored pair, as a page shows it.

Reads the document of `matching.evidence.Evidence.to_document()`. Which sign a row gets (`=`, `≈`, `≠`, none)
follows from its level, never from its bits: an exact agreement on a common name stays an agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from matching.calibration import IDENTITY, Calibration
from matching.evidence import read_evidence
from matching.model import Thresholds

Kind = Literal["same", "near", "differs", "none"]

_SAME = frozenset({"exact", "full", "same"})
_DIFFERS = frozenset({"different", "conflict", "other", "generation", "differs"})
_HOUSE_SAME = frozenset({"two", "email", "phone", "address"})
_HOUSE_DIFFERS = frozenset({"differs", "zip_phone_differs"})
_SHAPES = {"birth_date": "date", "sex": "sex", "ssn": "ssn", "given": "name", "middle": "name", "house": "house"}
_LABELS = {"house": "Family and contact", "ssn": "SSN"}
_ONE_SIDE = "not known on one side"
_NEITHER = "not known on either side"
_GRADES = {
    "certain": "links by itself",
    "probable": "held for review",
    "possible": "for review",
    "certainly-not": "not linked",
}


class States(Protocol):
    """What the model of a pair says of totals: a linkage model, or `mpi.queries.linkage.Statement`."""

    @property
    def thresholds(self) -> Thresholds:
        """From which probabilities a pair is reviewed and linked."""

    @property
    def calibration(self) -> Calibration:
        """Which probability is stated for a total."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One comparison: both values (several joined by "; "), what the level means, what it weighs in bits."""

    comparison: str
    label: str
    left: str
    right: str
    shape: str
    kind: Kind
    words: str
    bits: float
    frequency_bits: float = 0.0
    m: float = 1.0
    u: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the sum: the weight log2(m/u) of the level, and the total with it and its frequency part."""

    row: EvidenceRow
    weight: float
    total: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of a pair. `held_by` are the words of the caps and vetoes that held an automatic link."""

    rows: tuple[EvidenceRow, ...]
    prior_bits: float
    total_bits: float
    probability: float
    grade: str
    held_by: tuple[str, ...]
    review_from: float
    link_over: float
    calibration: Calibration = IDENTITY
    model_version: str = ""
    keys: tuple[str, ...] = ()

    @property
    def arithmetic(self) -> tuple[Step, ...]:
        """The sum, comparison by comparison."""
        steps, total = [], self.prior_bits
        for row in self.rows:
            total += row.bits
            steps.append(Step(row, row.bits - row.frequency_bits, total))
        return tuple(steps)

    @property
    def review_bits(self) -> float:
        """The total from which a pair is reviewed."""
        return self.calibration.total(self.review_from)

    @property
    def link_bits(self) -> float:
        """The total over which a pair links by itself."""
        return self.calibration.total(self.link_over)

    @property
    def calibrated_bits(self) -> float | None:
        """log2 of the stated odds, where calibration makes it another than the total."""
        if self.calibration == IDENTITY:
            return None
        return self.calibration.bits(self.total_bits)

    @property
    def grade_words(self) -> str:
        """What the grade means for the pair."""
        return _GRADES.get(self.grade, self.grade)

    @property
    def sentence(self) -> str:
        """The probability for people who do not think in bits."""
        if self.probability >= 0.9995:
            return f"Of 10,000 such pairs, about {_at_most(self.probability, 10_000):,} are one person."
        if self.probability < 0.001:
            return "Hardly any such pair is one person."
        return f"Of 1,000 such pairs, about {_at_most(self.probability, 1_000):,} are one person."


def _at_most(probability: float, pairs: int) -> int:
    """The rounded share, never all of them: no score is a certainty."""
    return min(round(probability * pairs), pairs - 1)


def evidence_of(told: Mapping[str, Any], states: States, keys: Iterable[str] = ()) -> Evidence:
    """The document of one pair as its model version states it; `keys` where it names none itself."""
    document = read_evidence(told, keys)
    comparisons: Sequence[Mapping[str, Any]] = document["comparisons"]
    held = [*document.get("vetoes", ()), *document.get("caps", ())]
    return Evidence(
        rows=tuple(_row(part) for part in comparisons),
        prior_bits=document["prior_bits"],
        total_bits=document["match_weight_bits"],
        probability=document["probability"],
        grade=document["grade"],
        held_by=tuple(reason["words"] for reason in held),
        review_from=states.thresholds.review,
        link_over=states.thresholds.automatic,
        calibration=states.calibration,
        model_version=document.get("model_version", ""),
        keys=tuple(document["keys"]),
    )


def _row(part: Mapping[str, Any]) -> EvidenceRow:
    name = part["comparison"]
    frequency = part.get("frequency_bits", 0.0)
    return EvidenceRow(
        comparison=name,
        label=_LABELS.get(name, part["title"]),
        left=part["left"],
        right=part["right"],
        shape=_SHAPES.get(name, "text"),
        kind=_kind(name, part["level"]),
        words=_NEITHER if _knows_neither(part) else _words(part["words"], frequency),
        bits=part["bits"] + frequency,
        frequency_bits=frequency,
        m=part["m"],
        u=part["u"],
    )


def _knows_neither(part: Mapping[str, Any]) -> bool:
    """Whether no side tells anything: the missing level of a model is named after the commoner case of one side."""
    return part["words"] == _ONE_SIDE and not part["left"] and not part["right"]


def _kind(comparison: str, level: str) -> Kind:
    if level == "missing":
        return "none"
    if comparison == "house":
        return _house_kind(*level.split("+"))
    if level in _SAME:
        return "same"
    return "differs" if level in _DIFFERS else "near"


def _house_kind(surname: str, contact: str) -> Kind:
    if surname == contact == "unknown":
        return "none"
    if surname == "exact" and contact in _HOUSE_SAME:
        return "same"
    if surname in {"different", "unknown"} and contact in _HOUSE_DIFFERS | {"unknown"}:
        return "differs"
    return "near"


def _words(words: str, frequency_bits: float) -> str:
    if frequency_bits >= 1:
        return f"{words}; a rare value, which weighs more"
    return f"{words}; a common value, which weighs less" if frequency_bits <= -1 else words
