"""What people have said of a message before it is planned: the engine does not decide that again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mpi.access import live_golden_record
from mpi.commands import Placement
from mpi.errors import Flaw, InvalidInput
from mpi.models import LIVE_STATUSES, IdentityEvent
from mpi.services.rows import fetch

_ACCEPTED = (
    "SELECT message_id FROM mpi_identity_task WHERE status IN ('accepted', 'split') AND message_id = ANY(%s::bigint[])"
)


def accepted_messages(message_ids: list[int]) -> frozenset[int]:
    """Messages whose overlay a steward has accepted, or has split: they are applied without another question."""
    return frozenset(pk for (pk,) in fetch(_ACCEPTED, message_ids))


def placement_of(document: Mapping[str, Any]) -> tuple[Placement | None, int | None]:
    """Where a stored message says that its record belongs, and the key of that golden record, its survivor if merged.

    (None, None) of a message that leaves it to the engine; that is nearly all. Raises NotFound, InvalidInput.
    """
    if (told := document.get("placed")) is None:
        return None, None
    placed = Placement(**told)
    if not placed.euid:
        return placed, None
    golden, _ = live_golden_record(placed.euid)
    if golden.status not in LIVE_STATUSES:
        flaw = Flaw("euid", "is a golden record that was retired", "look the person up again")
        raise InvalidInput("The record cannot be linked to this golden record.", flaws=[flaw])
    return placed, golden.pk


def sign(event: IdentityEvent, placed: Placement) -> None:
    """The event is the act of the person who said it, not of the engine that carries it out."""
    event.actor_kind, event.actor_id, event.actor_name = "user", placed.actor_id, placed.actor_name
    event.reason_code, event.reason = placed.reason_code, placed.reason
