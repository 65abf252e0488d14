"""What was stated and what was true: every blocked pair of the sets, by stated probability and by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from matching.blocking import blocking_keys
from matching.evaluate_pairs import PairFigures
from matching.join import Member, ScoredPair, scored_pair
from matching.model import LinkageModel
from matching.records import StandardRecord
from tests.benchmarks.arriving import CANDIDATES_A_KEY
from tests.benchmarks.bars import Bar

LEAST_PAIRS = 200
"""Uncapped pairs from which a decile is held to its statement."""


def blocked_pairs(records: Mapping[int, StandardRecord]) -> list[tuple[int, int]]:
    """Pairs that share a key, each once, ascending; a key that is not strong and too common is passed over."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    strong = set()
    for number, record in records.items():
        for key in blocking_keys(record):
            found[key.rule, key.value].append(number)
            if key.strong:
                strong.add((key.rule, key.value))
    return sorted(
        {
            pair
            for key, numbers in found.items()
            if key in strong or len(numbers) <= CANDIDATES_A_KEY
            for pair in combinations(numbers, 2)
        }
    )


def judged_pairs(
    records: Mapping[int, StandardRecord], truth: Mapping[int, str], model: LinkageModel
) -> Iterator[tuple[ScoredPair, bool]]:
    """Score and judge every blocked pair; with each, whether it is one person."""
    for left, right in blocked_pairs(records):
        yield (
            scored_pair(Member(left, records[left]), Member(right, records[right]), model),
            truth[left] == truth[right],
        )


def add(
    figures: PairFigures, records: Mapping[int, StandardRecord], truth: Mapping[int, str], model: LinkageModel
) -> None:
    """Count all blocked pairs of one set."""
    for pair, same in judged_pairs(records, truth, model):
        figures.add(pair.score, pair.verdict, same)


def calibration_bars(figures: PairFigures) -> list[Bar]:
    """Each decile with enough uncapped pairs, and how pure the certain pairs are."""
    bars = []
    document: dict[str, Any] = figures.free.to_document()
    for decile in document["deciles"]:
        observed = decile["observed"]
        if observed["of"] >= LEAST_PAIRS:
            words = f"stated {decile['stated']:.3f}, observed {observed['value']:.3f} of {observed['of']:,}"
            bars.append(
                Bar(f"calibration: {words}", "difference", abs(decile["stated"] - observed["value"]), "<=", 0.05)
            )
    certain = figures.bands["certain"].share
    bars.append(Bar(f"certain pairs, {certain.of:,}", "share of one person", certain.value, ">=", 0.9995))
    return bars


def rule_lines(figures: PairFigures) -> list[str]:
    """Every cap and veto: pairs over the automatic threshold that it held, and how many were one person."""
    lines = []
    for code, rule in sorted(figures.rules.items(), key=lambda item: -item[1].held.pairs):
        held, alone = rule.held, rule.alone
        lines.append(
            f"{code:<20} {rule.kind:<5} held {held.pairs:>7,}, one person {held.same:>7,} ({held.share.value:.3f});"
            f" alone {alone.pairs:>7,}, one person {alone.same:>7,}"
        )
    return lines
