"""Who acts, and how an error becomes a page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from audit.uuid7 import uuid7
from mpi import access
from mpi.commands import Actor
from mpi.errors import MpiError
from mpi.models import User
from mpi.web.pages import show

_MACHINE_DOORS = ("/api/", "/fhir/")

_NEXT: dict[str, str] = {
    "forbidden": "Ask a supervisor for the role, or go back to what you were doing. The refusal was recorded.",
    "not-found": "Check the number, or search for the person.",
    "stale-version": "Open the page again: it shows what changed. Then decide anew.",
    "already-decided": "Open the page again to see who decided and what.",
    "already-merged": "Search for the EUID: it leads to the golden record that carries on.",
    "separated": "Lift the separation first, if you know it to be wrong; it names who decided and why.",
    "second-person-needed": "Go back and open the page again: it says why, and proposes the act to a second person.",
    "awaits-second-person": "Open the proposal: it says who proposed what. Another person approves or rejects it.",
    "cannot-undo": "Undo the later act first; the history shows the order.",
    "busy": "Wait a few seconds and try again. Nothing was lost.",
    "too-many-requests": "Wait a minute and try again.",
    "service-down": "Try again in a minute; if it stays, tell the operator the correlation id below.",
}


class ActorMiddleware:
    """Sets `request.actor` and `request.roles` for the pages; the doors for machines authenticate for themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        actor: Actor | None = None
        roles: tuple[str, ...] = ()
        if not request.path.startswith(_MACHINE_DOORS) and isinstance(request.user, User):
            roles = tuple(request.user.groups.order_by("name").values_list("name", flat=True))
            actor = actor_of(request, request.user, roles)
        request.actor = actor  # type: ignore[attr-defined]  # declared by ActorRequest
        request.roles = roles  # type: ignore[attr-defined]
        response = self.get_response(request)
        if actor is not None:
            response.headers["X-Correlation-Id"] = str(actor.correlation_id)
        return response


def actor_of(request: HttpRequest, user: User, roles: tuple[str, ...] = ()) -> Actor:
    """The actor of a signed-in user with the permissions of these roles."""
    held = [access.ROLES.get(role, frozenset()) for role in roles]
    return Actor(
        kind="user",
        id=user.get_username(),
        name=str(user),
        permissions=frozenset().union(*held),
        source="web",
        purpose=str(request.session.get("purpose", "TREAT")),
        network_address=request.META.get("REMOTE_ADDR") or None,
        correlation_id=uuid7(),
    )


class ErrorMiddleware:
    """Translates every MpiError into a page (or, for htmx, a part of one); anything else is a defect and stays one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, MpiError) or request.path.startswith(_MACHINE_DOORS):
            return None
        template = "partials/_error.html" if getattr(request, "htmx", False) else "error.html"
        next_step = _NEXT.get(error.code, "Correct what is named above and try again.")
        return show(request, template, {"error": error, "next_step": next_step}, status=error.http_status)
