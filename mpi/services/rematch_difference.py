"""What a rematch compares, and what it finds: values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from matching.join import ScoredPair, Separations
from matching.records import StandardRecord
from mpi.models import RematchKind


@dataclass(frozen=True, slots=True)
class Question:
    """An open potential match."""

    match_id: int
    record_a: int
    record_b: int


@dataclass(frozen=True, slots=True)
class Region:
    """Golden records that nothing outside comes near.

    records   standard forms by record id, of all that may be matched
    members   golden record -> all its source records, ascending; those that may not be matched now included
    human     golden records on which a person has decided
    pairs     record ids that share a key and may reach the review threshold
    """

    records: dict[int, StandardRecord] = field(repr=False)
    members: dict[int, tuple[int, ...]]
    human: frozenset[int] = frozenset()
    separated: Separations = frozenset()
    pairs: tuple[tuple[int, int], ...] = ()
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One change as `RematchChange` tells it. `pair` is the evidence that decided."""

    kind: RematchKind
    golden_ids: tuple[int, ...]
    record_ids: tuple[int, ...]
    sides: tuple[tuple[int, ...], ...]
    pair: ScoredPair
    reasons: tuple[str, ...]
    match_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of records of one person: in the golden records as they stand, under the model, and in both."""

    before: int = 0
    after: int = 0
    same: int = 0

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(self.before + other.before, self.after + other.after, self.same + other.same)

    @property
    def agreement(self) -> float:
        """Share of the pairs of either that are in both; 1 where there is none."""
        either = self.before + self.after - self.same
        return self.same / either if either else 1.0
