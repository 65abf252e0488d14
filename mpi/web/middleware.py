"""Who acts, and how an error becomes a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from audit.uuid7 import uuid7
from mpi import access
from mpi.commands import Actor
from mpi.errors import MpiError
from mpi.models import User
from mpi.web.pages import page_above, show

_MACHINE_DOORS = ("/api/", "/fhir/")

_NOT_CARRIED_OUT = "What you wanted to do was not carried out. Do it again from this page."

_MEND = "Correct what is named above and try again. If that does not help, open the page again and start anew."


class OnlyLookedAt(MpiError):
    """Something was sent to a page that takes nothing."""

    code = "only-looked-at"
    http_status = 405
    title = "This page is only to be looked at"


_NEXT: dict[str, str] = {
    "forbidden": "Ask a supervisor for the role, or go back to what you were doing. The refusal was recorded.",
    "only-looked-at": "Open the page again and use what it offers.",
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
        response = self.get_response(request)
        if response.status_code != 405 or request.path.startswith(_MACHINE_DOORS):
            return response
        return self._another_method(request, response)

    def _another_method(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Whoever opens the address of an act (loaded anew, or sent there by the sign-in) is brought to its page."""
        if request.method == "GET" and not getattr(request, "htmx", False):
            said = cast(BaseStorage, messages.get_messages(request))
            if _NOT_CARRIED_OUT not in map(str, said):  # the page above may be an act as well
                messages.warning(request, _NOT_CARRIED_OUT)
            said.used = False  # what was read here is shown on the page
            return redirect(page_above(request.path))
        answer = self.process_exception(request, OnlyLookedAt("Nothing can be sent to this address."))
        if answer is not None:
            answer.headers["Allow"] = response.headers["Allow"]
        return answer or response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, MpiError) or request.path.startswith(_MACHINE_DOORS):
            return None
        template = "partials/_error.html" if getattr(request, "htmx", False) else "error.html"
        next_step = _NEXT.get(error.code, _MEND)
        return show(request, template, {"error": error, "next_step": next_step}, status=error.http_status)
