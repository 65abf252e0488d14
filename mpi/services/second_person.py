"""Where two people are asked: a person approves, and another one than who began. Refusals are written down."""

from __future__ import annotations

from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.commands import Actor
from mpi.errors import Forbidden


def require_second_person(
    actor: Actor, *, began_by: str, action: Action, subject: tuple[str, str], own: str, nobody: str
) -> None:
    """Raise Forbidden with the words `own` or `nobody`, unless a person acts who is not `began_by`.

    Call outside a transaction: the audit entry of the refusal must stay.
    """
    if actor.kind == "user" and actor.id != began_by:
        return
    is_own = actor.kind == "user"
    with transaction.atomic():
        refused = {"why": "own work" if is_own else "no person"}
        record(entry_by(actor, action, subject=subject, outcome="refused", detail=refused))
    raise Forbidden(f"{own if is_own else nobody} Nothing was changed.")
