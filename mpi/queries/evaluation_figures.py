"""The figures of an evaluation as values. Reads the figures document of `mpi.services.evaluation_run`.

Shares are read from their counts, so that intervals follow from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matching.evaluate import Share
from matching.evaluate_ladder import Explorer, read_ladder
from mpi.models import EvaluationRun

LEAST_PAIRS = 200
"""Judged pairs from which a decile says something (the contract of the stated probabilities)."""
_KIND_WORDS = {
    "veto": "veto: forbids joining",
    "cap": "cap: goes to a steward",
    "sole": "links only if nobody else fits",
}
BANDS = {
    "certain": ("Automatic", "over the threshold, and no rule holds it"),
    "probable": ("Probable", "over the threshold, but held by a rule"),
    "possible": ("Possible", "in the review band"),
    "certainly-not": ("Below", "under the review threshold, or two contradictions"),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: a share with its interval, or a plain value; None where it cannot be known."""

    name: str
    means: str
    share: Share | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """Pairs of one grade, how many are judged, how many of those are one person."""

    name: str
    means: str
    pairs: int
    judged: int
    share: Share

    @property
    def coverage(self) -> Share:
        """Judged, of all."""
        return Share(self.judged, self.pairs)


@dataclass(frozen=True, slots=True)
class Decile:
    """Pairs whose stated probability lies in a tenth: stated on average, observed."""

    low: float
    high: float
    stated: float
    observed: Share

    @property
    def difference(self) -> float:
        """Observed minus stated."""
        return self.observed.value - self.stated

    @property
    def is_enough(self) -> bool:
        """Whether it has pairs enough to say something."""
        return self.observed.of >= LEAST_PAIRS


@dataclass(frozen=True, slots=True)
class Calibration:
    """Deciles with Brier score and expected calibration error, None of no pair."""

    pairs: int
    brier: float | None
    error: float | None
    deciles: tuple[Decile, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One cap or veto: what it held over the automatic threshold, and what it alone held."""

    code: str
    kind: str
    kind_words: str
    words: str
    held: int
    share: Share
    alone: int
    alone_share: Share


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One blocking rule: the share of true pairs it finds, and the pairs that only it finds."""

    rule: str
    found: Share
    only: int


@dataclass(frozen=True, slots=True)
class Blocking:
    """Of all pairs of one true person: found by a key; sharing a key that was too common; sharing none."""

    found: Share
    lost_to_bound: int
    without_key: int
    rules: tuple[KeyRow, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """Pairs of `bits` to `bits` + 1."""

    bits: int
    same: int
    different: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Decisions:
    """What an evaluation by decisions rests on."""

    labels: int
    same: int
    different: int
    through: tuple[tuple[str, int], ...]
    links: int
    links_judged: int
    links_wrong: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one run.

    links_by_model   open links by the version they were made under, the most first
    *_bits           where the thresholds fall among match weights; None in runs that did not keep it
    """

    records: int
    judged: int
    links_by_model: tuple[tuple[str, int], ...]
    measures: tuple[Measure, ...]
    bands: tuple[Band, ...]
    calibration: Calibration
    free: Calibration
    weights: tuple[Weight, ...]
    rules: tuple[RuleRow, ...]
    blocking: Blocking | None
    decisions: Decisions | None
    explorer: Explorer
    review_bits: float | None
    automatic_bits: float | None


def figures_of(found: EvaluationRun) -> Figures:
    """The figures of a run as values."""
    told: Mapping[str, Any] = found.figures
    pairs = told["pairs"]
    return Figures(
        records=told["records"]["index"],
        judged=told["records"]["judged"],
        links_by_model=tuple(told.get("links_by_model", {}).items()),
        measures=_measures(told),
        bands=tuple(_band(grade, pairs["bands"][grade]) for grade in BANDS),
        calibration=_calibration(pairs["calibration"]["all"]),
        free=_calibration(pairs["calibration"]["free"]),
        weights=tuple(Weight(*row) for row in pairs["weights"]),
        rules=tuple(map(_rule, pairs["rules"])),
        blocking=_blocking(pairs["blocking"]) if pairs["blocking"] else None,
        decisions=_decisions(told["decisions"]) if told["decisions"] else None,
        explorer=_explorer(told["ladders"]),
        review_bits=told["ladders"].get("review_bits"),
        automatic_bits=told["ladders"].get("automatic_bits"),
    )


def made_by_others(run: EvaluationRun, figures: Figures) -> str:
    """That the persons evaluated are not the work of this version alone, "" where they are."""
    name = run.model_version.name
    links = dict(figures.links_by_model)
    others = ", ".join(f"{count:,} under {other}" for other, count in links.items() if other != name)
    if not others:
        return ""
    return (
        f"Persons, automatic links and questions are those of the index as it stands: of {sum(links.values()):,} links "
        f"{links.get(name, 0):,} were made under {name}, {others}. Precision, recall, false merges and review are "
        "theirs together. Bands, calibration, weights, rules and keys are of this version alone."
    )


def _share(told: Mapping[str, Any]) -> Share:
    return Share(told["hits"], told["of"])


def _measures(told: Mapping[str, Any]) -> tuple[Measure, ...]:
    persons, blocking = told["persons"], told["pairs"]["blocking"]
    free = told["pairs"]["calibration"]["free"]
    found = []
    if persons:
        cubed = persons["b_cubed"]
        links = _explorer(told["ladders"]).links.over(0.0)
        automatic = Share(links.same, links.judged)
        any_true = persons["recall"]["of"] > 0
        f1, reviewed = (persons[name] if any_true else None for name in ("f1", "f1_after_review"))
        found += [
            Measure("Pairwise precision", "of pairs joined, are one person", _share(persons["precision"])),
            Measure("Pairwise recall", "of true pairs, are joined", _share(persons["recall"])),
            Measure("Pairwise F1", "harmonic mean of the two", value=f1),
            Measure("F1 after review", "if every open question were answered right", value=reviewed),
            Measure("Automatic links", "by the pair that earned each, are one person", automatic),
            Measure("Exact persons", "of golden records, are one person, whole", _share(persons["exact_persons"])),
            Measure("People found", "of true people, have one golden record, whole", _share(persons["people_found"])),
            Measure("Persons F1", "harmonic mean of the two", value=persons["persons_f1"]),
            Measure("B-cubed precision", "of a record's person, is right, on average", value=cubed["precision"]),
            Measure("B-cubed recall", "of a record's true person, is there, on average", value=cubed["recall"]),
            Measure("False merges", "people too many, per record", _share(persons["false_merges_per_record"])),
        ]
    found.append(Measure("Records in review", "take part in an open question", _share(told["review"])))
    if blocking:
        found.append(Measure("Blocking recall", "of true pairs, share a useful key", _share(blocking["found"])))
    error, brier = free["expected_calibration_error"], free["brier"]
    found.append(Measure("Calibration error", "stated against observed, pairs no rule holds", value=error))
    found.append(Measure("Brier score", "mean square of the error, same pairs", value=brier))
    return tuple(found)


def _band(grade: str, told: Mapping[str, Any]) -> Band:
    name, means = BANDS[grade]
    return Band(name, means, told["pairs"], told["judged"], _share(told["one_person"]))


def _calibration(told: Mapping[str, Any]) -> Calibration:
    deciles = tuple(Decile(row["low"], row["high"], row["stated"], _share(row["observed"])) for row in told["deciles"])
    return Calibration(told["pairs"], told["brier"], told["expected_calibration_error"], deciles)


def _rule(told: Mapping[str, Any]) -> RuleRow:
    held, alone = told["held"], told["alone"]
    kind = told["kind"]
    return RuleRow(
        code=told["code"],
        kind=kind,
        kind_words=_KIND_WORDS.get(kind, kind),
        words=told["words"],
        held=held["pairs"],
        share=_share(held["one_person"]),
        alone=alone["pairs"],
        alone_share=_share(alone["one_person"]),
    )


def _blocking(told: Mapping[str, Any]) -> Blocking:
    found, with_a_key = _share(told["found"]), _share(told["with_a_key"])
    rules = tuple(KeyRow(row["rule"], _share(row["found"]), row["only"]) for row in told["rules"])
    return Blocking(found, with_a_key.hits - found.hits, found.of - with_a_key.hits, rules)


def _decisions(told: Mapping[str, Any]) -> Decisions:
    linked = told["links"]
    return Decisions(
        labels=told["labels"],
        same=told["same"],
        different=told["different"],
        through=tuple(sorted(told["through"].items())),
        links=linked["pairs"],
        links_judged=linked["judged"],
        links_wrong=linked["wrong"],
    )


def _explorer(told: Mapping[str, Any]) -> Explorer:
    return Explorer(
        automatic=told["automatic"],
        review=told["review"],
        links=read_ladder(told["links"]),
        free=read_ladder(told["free"]),
        held=read_ladder(told["held"]),
    )
