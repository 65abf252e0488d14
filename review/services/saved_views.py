"""A steward keeps a filter of the queue under a name, and lets it go again. Nothing of a person is in it."""

from __future__ import annotations

from django.utils import timezone

from mpi import access
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import InvalidInput
from review.models import SavedView
from review.queries.queue_sets import QueueFilter

MOST_VIEWS = 12
"""Saved views a person: more than fit into a line are not found again."""
MOST_CHARACTERS = 300
"""Of a filter, as its column has them."""


def save_view(*, name: str, wanted: QueueFilter, actor: Actor) -> SavedView:
    """Keep a filter under a name; a view of the same name is replaced. Raises Forbidden, InvalidInput."""
    access.require(actor, Permission.REVIEW)
    called = " ".join(name.split())[:40]
    if not called:
        raise InvalidInput("The view has no name. Give it one; nothing was saved.")
    if not wanted.query:
        raise InvalidInput("Nothing is filtered. Choose what the view is to show, then save it.")
    if len(wanted.query) > MOST_CHARACTERS:
        raise InvalidInput("The filter is too long to be kept. Filter by less; nothing was saved.")
    others = SavedView.objects.filter(user_id=actor.id).exclude(name=called)
    if others.count() >= MOST_VIEWS:
        raise InvalidInput(f"You have {MOST_VIEWS} views. Remove one before you save another; nothing was saved.")
    kept, _ = SavedView.objects.update_or_create(
        user_id=actor.id, name=called, defaults={"query": wanted.query, "saved_at": timezone.now()}
    )
    return kept


def forget_view(*, pk: int, actor: Actor) -> SavedView | None:
    """Remove one of the actor's own views; None when there is none under this number. Raises Forbidden."""
    access.require(actor, Permission.REVIEW)
    found = SavedView.objects.filter(pk=pk, user_id=actor.id).first()
    if found is not None:
        SavedView.objects.filter(pk=found.pk).delete()
    return found
