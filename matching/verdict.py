"""The policy's answer on one pair: a grade, and the reasons that hold it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Grade = Literal["certain", "probable", "possible", "certainly-not"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke: a stable code and words for a steward."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The policy's answer on one pair.

    `caps` hold it for review; `vetoes` (also caps) are evidence of two people; `sole` are caps that
    fall away when no other person fits (a newborn without a name, an initial only, no birth date).
    """

    grade: Grade
    caps: tuple[Reason, ...] = ()
    vetoes: tuple[Reason, ...] = ()
    sole: tuple[Reason, ...] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Vetoes first, then caps, then those that ask for a sole candidate."""
        return (*self.vetoes, *self.caps, *self.sole)

    @property
    def automatic_if_sole(self) -> bool:
        """The pair may link when its person is the only one that fits."""
        return self.grade == "probable" and bool(self.sole) and not self.caps and not self.vetoes
