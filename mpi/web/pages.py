"""What every page shares: the request with its actor, the sign-in gate, rendering with the clock."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import is_valid_path
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from mpi import access
from mpi.commands import Actor

P = ParamSpec("P")


class ActorRequest(HttpRequest):
    """A request of somebody who is signed in; `mpi.web.middleware.ActorMiddleware` sets the actor."""

    actor: Actor
    roles: tuple[str, ...]


View = Callable[Concatenate[ActorRequest, P], HttpResponseBase]


def page(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Only for the signed-in, and never kept by a cache: pages show people."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if getattr(request, "actor", None) is None:
            answer = redirect_to_login(request.get_full_path())
            # A refresh of a part must not put the sign-in page inside a card.
            return HttpResponseClientRedirect(answer.url) if getattr(request, "htmx", False) else answer
        response = view(cast(ActorRequest, request), *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded


def show(
    request: HttpRequest, template: str, context: Mapping[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """Render with the clock: `now` is the only time a template knows."""
    return render(request, template, {"now": timezone.now(), **(context or {})}, status=status)


def time_of(text: str) -> datetime | None:
    """A time of the address in UTC, None where there is none or it is no time."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (OverflowError, ValueError):
        return None


def whole_number(text: str) -> int | None:
    """A row key of the address, None where there is none or it is no key."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form binds to: the sent data, also when nothing is in it; None while it is only looked at."""
    return request.POST if request.method == "POST" else None


def page_above(path: str) -> str:
    """The address of the page that an act belongs to: the nearest above it."""
    parts = path.strip("/").split("/")
    for kept in range(len(parts) - 1, 0, -1):
        above = f"/{'/'.join(parts[:kept])}/"
        if is_valid_path(above):
            return above
    return "/"


def require(request: ActorRequest, permission: str) -> Actor:
    """The actor, if allowed; raises Forbidden, which the middleware turns into a page."""
    access.require(request.actor, permission)
    return request.actor
