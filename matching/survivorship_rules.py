"""The rules of survivorship as a versioned document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FIELDS: Final[tuple[str, ...]] = (
    "family_name",
    "given_name",
    "middle_name",
    "suffix",
    "birth_date",
    "sex",
    "ssn",
    "address",
    "phone",
    "email",
    "deceased_date",
    "previous_family_name",
    "mothers_maiden_name",
)
"""The survived fields; `family_name` stands before `previous_family_name`, which needs it."""

CRITERIA: Final[tuple[str, ...]] = ("verified", "agreement", "source_rank", "recency", "completeness")
"""verified: its source checked it against a document · agreement: told by most source systems · source_rank: the
most trusted system · recency: the newest record · completeness: most parts told."""


MOST_CHARACTERS: Final = 64
"""Of the name of a version."""
LAST_RANK: Final = 32_767
_PARTS = ("version", "fields", "ranks")


@dataclass(frozen=True, slots=True)
class RulesFlaw:
    """One thing wrong with a rules document: where, what, and how to mend it."""

    field: str
    problem: str
    mend: str


class SurvivorshipRulesError(ValueError):
    """A rules document, or an override, that names something unknown; the message says what, `flaws` all of it."""

    def __init__(self, words: str, flaws: Sequence[RulesFlaw] = ()) -> None:
        super().__init__(words)
        self.flaws = tuple(flaws)


@dataclass(frozen=True, slots=True)
class SurvivorshipRules:
    """Per field the criteria in order; a criterion that is not named is not asked. `version` names the document.

    `ranks` are those of source systems, by code in order, that count instead of the rank a system was registered with:
    a rank chooses values as a criterion does, so it changes with a version and with nothing else.
    """

    version: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]
    ranks: tuple[tuple[str, int], ...] = ()

    def criteria_of(self, field: str) -> tuple[str, ...]:
        """The criteria of one field, in order; () where only the tie-break counts."""
        return dict(self.fields).get(field, ())

    def rank_of(self, system: str, registered: int) -> int:
        """How far a source system is trusted, 1 most; `registered` is the rank it was registered with."""
        return dict(self.ranks).get(system, registered) if self.ranks else registered

    def to_document(self) -> dict[str, object]:
        """The JSON form, inverse of `from_document`."""
        ranks: dict[str, object] = {"ranks": dict(self.ranks)} if self.ranks else {}
        return {"version": self.version, "fields": {name: list(criteria) for name, criteria in self.fields}, **ranks}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> SurvivorshipRules:
        """Read and check a document. Raises SurvivorshipRulesError with every flaw; every field needs its criteria."""
        version, told, ranks = (document.get(part) for part in _PARTS)
        flaws = [
            RulesFlaw(str(name)[:MOST_CHARACTERS], "is not a part of the rules", "they have version, fields and ranks")
            for name in document
            if name not in _PARTS
        ]
        if not isinstance(version, str) or not version or len(version) > MOST_CHARACTERS:
            flaws.append(RulesFlaw("version", "is no name", f"give 1 to {MOST_CHARACTERS} characters"))
        if isinstance(told, Mapping):
            flaws += _flaws(told)
        else:
            flaws.append(RulesFlaw("fields", "are missing", "name each field with its criteria in order"))
        flaws += _rank_flaws(ranks)
        if flaws or not isinstance(told, Mapping):
            first = flaws[0]
            words = f"The rules cannot be used: “{first.field}” {first.problem}; {first.mend}."
            raise SurvivorshipRulesError(words, flaws)
        ordered = tuple(sorted(ranks.items())) if isinstance(ranks, Mapping) else ()
        return cls(str(version), tuple((name, tuple(told[name])) for name in FIELDS), ordered)


def _rank_flaws(told: object) -> list[RulesFlaw]:
    if told is None:
        return []
    if not isinstance(told, Mapping):
        return [RulesFlaw("ranks", "are no object", "name source systems by code, each with its rank")]
    return [
        RulesFlaw(f"ranks.{code}"[:MOST_CHARACTERS], "is no rank", f"use 1 (trusted most) to {LAST_RANK}")
        for code, rank in told.items()
        if type(rank) is not int or not 1 <= rank <= LAST_RANK
    ]


def _flaws(told: Mapping[object, object]) -> list[RulesFlaw]:
    fields = f"the fields are {', '.join(FIELDS)}"
    unknown = [str(name)[:MOST_CHARACTERS] for name in told if name not in FIELDS]
    flaws = [RulesFlaw(f"fields.{name}", "is not a survived field", fields) for name in unknown]
    for name in FIELDS:
        flaws += _criteria_flaws(f"fields.{name}", told.get(name))
    return flaws


def _criteria_flaws(path: str, told: object) -> list[RulesFlaw]:
    criteria = f"list some of {', '.join(CRITERIA)}, the first to be asked first"
    if not isinstance(told, list | tuple) or not told:
        return [RulesFlaw(path, "has no criteria", criteria)]
    if any(criterion not in CRITERIA for criterion in told):
        return [RulesFlaw(path, "names an unknown criterion", criteria)]
    if len(set(told)) != len(told):
        return [RulesFlaw(path, "names a criterion twice", "name each once")]
    return []


_NAME = ("verified", "completeness", "agreement", "source_rank", "recency")
_LASTING = ("verified", "agreement", "source_rank", "recency", "completeness")
_CHANGING = ("verified", "recency", "source_rank", "agreement", "completeness")

DEFAULT_RULES: Final = SurvivorshipRules(
    version="default-1",
    fields=(
        ("family_name", _LASTING),
        ("given_name", _NAME),
        ("middle_name", _NAME),
        ("suffix", _LASTING),
        ("birth_date", _NAME),
        ("sex", _LASTING),
        ("ssn", _LASTING),
        ("address", _CHANGING),
        ("phone", _CHANGING),
        ("email", _CHANGING),
        ("deceased_date", _NAME),
        ("previous_family_name", _CHANGING),
        ("mothers_maiden_name", _LASTING),
    ),
)
"""What a person keeps for life goes by agreement, what it changes by the newest record; a whole value before a part."""
