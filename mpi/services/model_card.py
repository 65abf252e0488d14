"""Export the model card of a version as Markdown. Audited: it is what an auditor is handed."""

from __future__ import annotations

import os
from pathlib import Path

from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import InvalidInput
from mpi.queries.model_card import card_of
from mpi.queries.model_card_blocks import Card, markdown


def export_model_card(*, actor: Actor, name: str = "") -> tuple[Card, str]:
    """The card of a version (of the active one without a name) and its Markdown. Raises Forbidden, NotFound."""
    require(actor, Permission.MODEL_READ)
    card = card_of(name)
    with transaction.atomic():
        subject = ("linkage_model", card.version)
        told = {"content_hash": card.content_hash}
        record(entry_by(actor, Action.EXPORT_MODEL_CARD, subject=subject, detail=told))
    return card, markdown(card)


def write_model_card(out: Path, *, actor: Actor, name: str = "") -> Card:
    """The same into a file, which appears under its name only when complete. Raises InvalidInput too."""
    card, text = export_model_card(actor=actor, name=name)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InvalidInput(f"The file {out} cannot be written: {error.strerror}.") from error
    return card
