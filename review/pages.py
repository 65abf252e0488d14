"""What every page of the desk shares: only for the signed-in who may review, never cached, with the clock."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from mpi import access
from mpi.commands import Actor

P = ParamSpec("P")


class StewardRequest(HttpRequest):
    """A request of somebody who may review; the actor is set by the middleware."""

    actor: Actor


View = Callable[Concatenate[StewardRequest, P], HttpResponseBase]


def steward_required(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Redirect to the sign-in, refuse whoever may not review (the refusal is audited), keep answers out of caches."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if getattr(request, "actor", None) is None:
            return redirect_to_login(request.get_full_path())
        steward = cast(StewardRequest, request)
        access.require(steward.actor, access.Permission.REVIEW)
        response = view(steward, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded


def show(
    request: HttpRequest, template: str, context: Mapping[str, object], *, now: datetime, status: int = 200
) -> HttpResponse:
    """Render; `now` is the only time a template knows."""
    return render(request, template, {**context, "now": now}, status=status)
