"""The rules of survivorship as a versioned document."""

from __future__ import annotations

from collections.abc import Mapping
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
"""verified: checked against a document · agreement: told by most source systems · source_rank: the most trusted
system · recency: the newest record · completeness: most parts told."""


class SurvivorshipRulesError(ValueError):
    """A rules document, or an override, that names something unknown; the message says what."""


@dataclass(frozen=True, slots=True)
class SurvivorshipRules:
    """Per field the criteria in order; a criterion that is not named is not asked. `version` names the document."""

    version: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]

    def criteria_of(self, field: str) -> tuple[str, ...]:
        """The criteria of one field, in order; () where only the tie-break counts."""
        return dict(self.fields).get(field, ())

    def to_document(self) -> dict[str, object]:
        """The JSON form, inverse of `from_document`."""
        return {"version": self.version, "fields": {name: list(criteria) for name, criteria in self.fields}}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> SurvivorshipRules:
        """Read and check a document. Raises SurvivorshipRulesError; every field needs its criteria."""
        version, told = document.get("version"), document.get("fields")
        if not isinstance(version, str) or not version:
            raise SurvivorshipRulesError("The rules have no version.")
        if not isinstance(told, Mapping):
            raise SurvivorshipRulesError("The rules have no fields.")
        unknown = sorted(str(name) for name in told if name not in FIELDS)
        if unknown:
            raise SurvivorshipRulesError(f"There is no field {unknown[0]!r}.")
        return cls(version, tuple((name, _criteria(name, told.get(name))) for name in FIELDS))


def _criteria(field: str, told: object) -> tuple[str, ...]:
    if not isinstance(told, list | tuple) or not told:
        raise SurvivorshipRulesError(f"The field {field!r} has no criteria.")
    unknown = [str(criterion) for criterion in told if criterion not in CRITERIA]
    if unknown:
        raise SurvivorshipRulesError(f"The field {field!r} names an unknown criterion, {unknown[0]!r}.")
    if len(set(told)) != len(told):
        raise SurvivorshipRulesError(f"The field {field!r} names a criterion twice.")
    return tuple(told)


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
