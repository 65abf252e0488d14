"""Which of the promising pairs do reach the review threshold: told by the engine's own scorer, task by task.

They say what has to be looked at together. Promising pairs alone would make most of a million records one region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from matching.model import LinkageModel
from matching.score import score
from mpi.services.bulk_packed import standard_of

_PAIRS_A_TASK = 5_000


@dataclass(frozen=True, slots=True)
class Scoring:
    """A task: promising pairs, and the packed standard records that they name."""

    records: Mapping[int, bytes] = field(repr=False)
    pairs: tuple[tuple[int, int], ...] = field(repr=False)


def scoring_tasks(standards: Sequence[bytes], pairs: Sequence[tuple[int, int]]) -> Iterator[Scoring]:
    """The promising pairs, to be scored; `standards` are packed records by number."""
    for first in range(0, len(pairs), _PAIRS_A_TASK):
        part = tuple(pairs[first : first + _PAIRS_A_TASK])
        yield Scoring({number: standards[number] for pair in part for number in pair}, part)


def close_pairs(task: Scoring, model: LinkageModel) -> list[tuple[int, int]]:
    """The pairs of the task that the engine would look at."""
    records = {number: standard_of(packed) for number, packed in task.records.items()}
    return [
        (left, right)
        for left, right in task.pairs
        if score(records[left], records[right], model).bits >= model.review_bits
    ]
