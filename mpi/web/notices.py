"""The quiet line after an act: what was done, with Undo where it can be undone."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest


class Done(Protocol):
    """What the line needs of a service's result."""

    @property
    def event_uuid(self) -> UUID: ...

    @property
    def undoable(self) -> bool: ...

    @property
    def message(self) -> str: ...


def tell(request: HttpRequest, result: Done) -> None:
    """Keep the message of an act for the next page."""
    messages.success(request, result.message, extra_tags=f"undo:{result.event_uuid}" if result.undoable else "")
