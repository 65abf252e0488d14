"""How far two reviewers agree beyond chance: Cohen's kappa with its interval. Pure: no database, no clock.

Cohen, J. (1960), A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20, 37-46.
Fleiss, J. L., Cohen, J., Everitt, B. S. (1969), Large sample standard errors of kappa and weighted kappa.
Psychological Bulletin 72, 323-327: equation 13 is the standard error for an interval.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from matching.evaluate import NORMAL_95, Share

ENOUGH = 30
"""Pairs of answers from which the large-sample interval may be trusted."""

Answers = Mapping[tuple[str, str], int]
"""How often the first reader gave one answer and the second another: (first, second) to a count."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """`agreed` is the plain share; `kappa` is None where chance alone explains all of it (one answer everywhere).

    `interval` is the 95 % interval of kappa, None where the standard error is 0: without one disagreement (or without
    one agreement) it says nothing of the width.
    """

    agreed: Share
    kappa: float | None
    interval: tuple[float, float] | None

    @property
    def pairs(self) -> int:
        """Tasks that two people answered."""
        return self.agreed.of

    @property
    def is_enough(self) -> bool:
        """Whether there are pairs enough for the interval."""
        return self.pairs >= ENOUGH


def agreement(answers: Answers) -> Agreement:
    """Kappa of a table of counts. Of an empty table: a share of nothing, no kappa."""
    pairs = sum(answers.values())
    share = Share(sum(count for (first, second), count in answers.items() if first == second), pairs)
    if not pairs:
        return Agreement(share, None, None)
    first, second = _margins(answers, pairs)
    by_chance = sum(first[answer] * second[answer] for answer in first)
    if math.isclose(by_chance, 1.0):
        return Agreement(share, None, None)
    kappa = (share.value - by_chance) / (1 - by_chance)
    half = NORMAL_95 * _standard_error(answers, pairs, kappa=kappa, by_chance=by_chance)
    interval = (max(kappa - half, -1.0), min(kappa + half, 1.0)) if half > 1e-9 else None
    return Agreement(share, kappa, interval)


def _margins(answers: Answers, pairs: int) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The share of each answer, of the first and of the second readers."""
    first: dict[str, float] = defaultdict(float)
    second: dict[str, float] = defaultdict(float)
    for (one, other), count in answers.items():
        first[one] += count / pairs
        second[other] += count / pairs
    return first, second


def _standard_error(answers: Answers, pairs: int, *, kappa: float, by_chance: float) -> float:
    """Fleiss, Cohen and Everitt (1969), equation 13, written with kappa as in later textbooks."""
    first, second = _margins(answers, pairs)
    same = other = 0.0
    for (one, two), count in answers.items():
        share = count / pairs
        if one == two:
            same += share * (1 - (first[one] + second[one]) * (1 - kappa)) ** 2
        else:
            # The margins are crossed on purpose: the second reader's share of the first one's answer, and back.
            other += share * (second[one] + first[two]) ** 2
    variance = same + (1 - kappa) ** 2 * other - (kappa - by_chance * (1 - kappa)) ** 2
    return math.sqrt(max(variance, 0.0) / pairs) / (1 - by_chance)
