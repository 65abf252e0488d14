"""What a steward sets: the value of one golden field, checked as the mapping checks what a source tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matching.standardise import standardise
from matching.survivorship import FIELDS, member_values
from matching.survivorship_values import Shown
from mpi import vault
from mpi.errors import Flaw, InvalidInput
from mpi.mapping_json import record_from_json

ADDRESS_PARTS = ("street", "city", "state", "postal_code", "country")
_BESIDE = {"given_name": "given_name", "middle_name": "given_name"}
"""A record needs a name: beside a given or middle name a given one is told, else a family name."""


def override_value(field: str, told: object) -> Shown:
    """The value as a golden record shows it: text, or parts of an address; an SSN as nine digits.

    Raises InvalidInput with `field` or `value` (`value.street` …) and the mend: unknown, impossible, a placeholder.
    """
    if field not in FIELDS:
        flaw = Flaw("field", "is not a golden field", f"the fields are {', '.join(FIELDS)}")
        raise InvalidInput("The value was not set.", flaws=[flaw])
    try:
        record = record_from_json(_document(field, told), needs_number=False).record
    except InvalidInput as error:
        flaws = [Flaw(_place(field, flaw.field), flaw.problem, flaw.mend) for flaw in error.flaws]
        raise InvalidInput("The value cannot be used; nothing was changed.", flaws=flaws) from error
    found = member_values(record, standardise(record)).get(field)
    if found is None:
        flaw = Flaw("value", "says nothing: a placeholder, or no valid value of this field", "give a real value")
        raise InvalidInput("The value cannot be used; nothing was changed.", flaws=[flaw])
    return found.value


def _document(field: str, told: object) -> dict[str, Any]:
    if field == "address":
        if not isinstance(told, Mapping):
            flaw = Flaw("address", "is not an object", f"give its parts: {', '.join(ADDRESS_PARTS)}")
            raise InvalidInput("The value cannot be used.", flaws=[flaw])
        unknown = [str(name)[:64] for name in told if name not in ADDRESS_PARTS]
        if unknown:
            parts = f"the parts are {', '.join(ADDRESS_PARTS)}"
            raise InvalidInput("The value cannot be used.", flaws=[Flaw(unknown[0], "is no part of it", parts)])
        return {"family_name": "X", "addresses": [dict(told)]}
    if not isinstance(told, str) or not told.strip():
        raise InvalidInput("The value cannot be used.", flaws=[Flaw(field, "is not a text, or is empty", "give one")])
    return {_BESIDE.get(field, "family_name"): "X", field: told.strip()}


def _place(field: str, named: str) -> str:
    """Where a flaw of the mapping stands in what the steward sent."""
    part = named.rpartition(".")[2]
    return "value" if part == field or not part or "[" in part else f"value.{part}"


def sealed(field: str, value: Shown, euid: str) -> Any:
    """As it is stored: an SSN encrypted for this golden record."""
    if field == "ssn" and isinstance(value, str):
        return vault.encrypt_text(value, field="golden-override", record=euid)
    return value


def opened(field: str, stored: Any, euid: str) -> Shown:
    """A stored value in clear, in memory only. Raises VaultError."""
    if field == "ssn":
        return vault.decrypt_text(stored, field="golden-override", record=euid)
    value: Shown = stored
    return value
