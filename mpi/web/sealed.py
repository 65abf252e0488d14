"""What a form of several steps carries from one to the next: encrypted, bound to who typed it, kept nowhere."""

from __future__ import annotations

from typing import Any

import orjson

from mpi import vault
from mpi.commands import Actor
from mpi.errors import InvalidInput

_FIELD = "form"


def seal(document: dict[str, Any], actor: Actor) -> str:
    """The document as a text for a hidden field: nobody reads or changes it, and nobody else can use it."""
    return vault.encrypt_text(orjson.dumps(document).decode(), field=_FIELD, record=actor.id)


def unseal(text: str, actor: Actor, *needs: str) -> dict[str, Any]:
    """The inverse of `seal`; `needs` are members that the step must have carried. Raises InvalidInput."""
    try:
        found: dict[str, Any] = orjson.loads(vault.decrypt_text(text, field=_FIELD, record=actor.id))
    except (vault.VaultError, ValueError):
        raise unreadable() from None
    if not found.keys() >= set(needs):
        raise unreadable()
    return found


def unreadable() -> InvalidInput:
    """The refusal of a form that was not made by the step before, or by somebody else."""
    return InvalidInput("This form cannot be read any more; nothing was changed. Begin it again.")
