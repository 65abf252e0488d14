"""What stewards decided, as labels that refine m: expected counts of matches, corrected where somebody knows.

Expectation maximisation counted each pair as a match with its probability p under the model: M matches in
all, M * m of them at a level. A steward's answer replaces p by 1 (one person) or 0 (two people), so a pair at
that level corrects the count by 1 - p or by -p (labels clamped in the E-step: Nigam et al. 2000, "Text
Classification from Labeled and Unlabeled Documents using EM", section 5). With a weight w, the number of
unlabelled pairs one answer is worth:

    m' = (M * m + w * sum(y - p over the labelled pairs at the level)) / (M + w * sum(y - p over all labelled pairs))

Example: M = 12,000, w = 20, m = 0.0310 for one typing error in a birth date. Ten answers "same" there at p = 0.86 and
no others: m' = (372 + 20 * 10 * 0.14) / (12,000 + 28) = 400 / 12,028 = 0.0333, a tenth of a bit more.

Stewards see only what was held for review, so counting their pairs alone would teach that all matches are
doubtful; a correction of what the model expected there does not. A pair with a missing value says nothing of
that comparison. No level falls below a tenth of what it was, or rises over ten times: a few answers must not
overturn what thousands of pairs taught. u stays: the pairs of two people in an index are so many that answers
weigh nothing there.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from matching.model import Comparison, InvalidModel, LinkageModel
from matching.model_document import with_hash
from matching.records import StandardRecord
from matching.score import score

LEAST_LABELS = 20
"""Fewer answers refine nothing."""
LABEL_WEIGHT = 20.0
"""Unlabelled pairs that one answer is worth: a person looked, with more than the records at hand."""
MOST_CHANGE = 10.0
"""A level's m is at most multiplied or divided by this."""
_SURE = 1e-6
"""Probabilities are held this far from 0 and 1 in the log loss."""


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two records of which a steward decided whether they are one person."""

    a: StandardRecord
    b: StandardRecord
    same: bool


def refine(model: LinkageModel, pairs: Sequence[LabelledPair], *, matches: float) -> LinkageModel:
    """The model with its m corrected by the labels, and an account of it in `training`.

    `matches` are the matches that expectation maximisation counted. Raises InvalidModel for too few labels.
    """
    if len(pairs) < LEAST_LABELS:
        raise InvalidModel(f"Only {len(pairs)} decisions of stewards: at least {LEAST_LABELS} are needed as labels.")
    corrections: dict[tuple[int, int], float] = defaultdict(float)
    for pair in pairs:
        scored = score(pair.a, pair.b, model)
        surprise = float(pair.same) - scored.probability
        for place, level in enumerate(scored.levels):
            if level:
                corrections[place, level] += surprise
    comparisons = tuple(
        _corrected(place, comparison, corrections, matches) for place, comparison in enumerate(model.comparisons)
    )
    refined = replace(model, comparisons=comparisons)
    answers = Counter("same" if pair.same else "different" for pair in pairs)
    account = {
        **answers,
        "weight": LABEL_WEIGHT,
        "matches_without_labels": round(matches),
        "log_loss_before": round(log_loss(model, pairs), 4),
        "log_loss_after": round(log_loss(refined, pairs), 4),
        "most_changed": _most_changed(model, refined),
    }
    return with_hash(replace(refined, training={**model.training, "labels": account}))


def _corrected(
    place: int, comparison: Comparison, corrections: dict[tuple[int, int], float], matches: float
) -> Comparison:
    missing, *levels = comparison.levels
    total = sum(level.m for level in levels)
    counts = []
    for number, level in enumerate(levels, 1):
        count = matches * level.m + LABEL_WEIGHT * corrections[place, number]
        counts.append(min(max(count, matches * level.m / MOST_CHANGE), matches * level.m * MOST_CHANGE))
    scale = total / sum(counts)
    changed = (replace(level, m=count * scale) for level, count in zip(levels, counts, strict=True))
    return replace(comparison, levels=(missing, *changed))


def log_loss(model: LinkageModel, pairs: Sequence[LabelledPair]) -> float:
    """Mean surprise of the labels under the model's probabilities, in bits; 0 is clairvoyance, 1 a coin."""
    lost = 0.0
    for pair in pairs:
        probability = score(pair.a, pair.b, model).probability
        told = probability if pair.same else 1.0 - probability
        lost -= math.log2(min(max(told, _SURE), 1.0))
    return lost / len(pairs)


def _most_changed(before: LinkageModel, after: LinkageModel, shown: int = 10) -> list[dict[str, object]]:
    changes: list[tuple[float, dict[str, object]]] = []
    for old, new in zip(before.comparisons, after.comparisons, strict=True):
        for one, other in zip(old.levels, new.levels, strict=True):
            bits = other.bits - one.bits
            changes.append((abs(bits), {"comparison": old.name, "level": one.name, "bits": round(bits, 3)}))
    changes.sort(key=lambda change: -change[0])
    return [told for size, told in changes[:shown] if size >= 0.001]
