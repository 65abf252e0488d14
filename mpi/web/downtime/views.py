"""The look-up during downtime: search and read a snapshot, and register patients under temporary numbers.

There is no database. Whatever is looked at or registered is in the station's journal before it is shown.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Concatenate, ParamSpec
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mpi.errors import Forbidden, MpiError, NotFound
from mpi.euid import normal_euid
from mpi.queries.search import Query
from mpi.web import formats
from mpi.web.downtime.desk import desk
from mpi.web.downtime.forms import LookForm, RegisterForm, SignInForm
from mpi.web.pages import posted, show

_USER = "user"
_BOTH = require_http_methods(["GET", "POST"])
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Mapping[str, Any], P], HttpResponseBase]


class Refusals:
    """Translates every MpiError into a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, MpiError):
            return None
        return _show(request, "mpi/downtime/error.html", {"error": error}, status=error.http_status)


def signed_in(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Only for those whom the snapshot knows, and never kept by a cache."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = desk().user(str(request.session.get(_USER, "")))
        if user is None:
            return redirect("sign-in")
        response = view(request, user, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded


def _show(request: HttpRequest, template: str, context: Mapping[str, object], *, status: int = 200) -> HttpResponse:
    here = desk()
    frame = {
        "made_at": datetime.fromisoformat(here.book.manifest.created_at),
        "station": here.station,
        "free_numbers": here.free_numbers,
        "user": here.user(str(request.session.get(_USER, ""))),
        "persons": here.book.count,
    }
    return show(request, template, {**frame, **context}, status=status)


@_BOTH
def sign_in(request: HttpRequest) -> HttpResponseBase:
    form = SignInForm(posted(request))
    if form.is_valid():
        username = form.cleaned_data["username"]
        if desk().sign_in(username, form.cleaned_data["password"]) is not None:
            request.session.cycle_key()
            request.session[_USER] = username
            return redirect("look")
        locked = desk().is_locked(username)
        words = "Too many attempts failed; wait 15 minutes." if locked else "User name and password do not fit."
        form.add_error(None, words)
    return _show(request, "mpi/downtime/sign_in.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    request.session.flush()
    return redirect("sign-in")


@_BOTH
@signed_in
def look(request: HttpRequest, user: Mapping[str, Any]) -> HttpResponseBase:
    """Search by POST: names and numbers never stand in an address."""
    here = desk()
    form = LookForm(posted(request), systems=list(here.book.manifest.systems))
    if request.method == "GET" or not form.is_valid():
        return _show(
            request, "mpi/downtime/look.html", {"form": form, "tab": "look"}, status=422 if form.errors else 200
        )
    query = form.query()
    found, more = here.book.find(
        euid=query.euid,
        number=query.number,
        birth_date=query.birth_date,
        names=_names(query),
        system=query.system,
    )
    here.journal.append("search", {**_who(user), "euids": [one["euid"] for one in found]})
    context = {"tab": "look", "form": form, "found": found, "more": more, "searched": True}
    return _show(request, "mpi/downtime/look.html", context)


def _names(query: Query) -> tuple[tuple[str, str], ...]:
    """(family, given) beginnings: `Margaret Holloway` and `Holloway Margaret`, as in the search of the index."""
    if query.family or query.given:
        return ((query.family, query.given),)
    if not query.either:
        return ()
    first, last = query.either[0], query.either[-1]
    if len(query.either) == 1:
        return ((first, ""),)
    return ((last, first), (first, query.either[1]), (" ".join(query.either), ""))


def _who(user: Mapping[str, Any]) -> dict[str, object]:
    return {"user": user["username"], "name": user["name"]}


@require_safe
@signed_in
def person(request: HttpRequest, user: Mapping[str, Any], euid: str) -> HttpResponseBase:
    here = desk()
    found = here.book.person(normal_euid(euid))
    if found is None:
        raise NotFound("There is no person under this EUID in the snapshot.")
    here.journal.append("read", {**_who(user), "euids": [found["euid"]]})
    names = dict(here.book.manifest.systems)
    context = {
        "person": found,
        "values": found["values"],
        "numbers": [(names.get(code, code), mrn) for code, mrn in found["numbers"]],
        "redirected": normal_euid(euid) if normal_euid(euid) != found["euid"] else "",
    }
    return _show(request, "mpi/downtime/person.html", context)


@_BOTH
@signed_in
def register(request: HttpRequest, user: Mapping[str, Any]) -> HttpResponseBase:
    """A temporary number for a patient, or for a person of the snapshot; first comes an empty form."""
    if not user["may_register"]:
        raise Forbidden("Your role may look up, but not register.")
    sent = request.POST if "token" in request.POST else None
    chosen = str(request.POST.get("euid", ""))
    form = RegisterForm(sent, initial={"token": uuid4(), "euid": chosen} | _begun(chosen))
    here = desk()
    found = here.book.person(normal_euid(chosen)) if chosen else None
    context = {"form": form, "chosen": found}
    if not form.is_valid():
        if found is not None:
            here.journal.append("read", {**_who(user), "euids": [found["euid"]]})
        return _show(request, "mpi/downtime/register.html", context, status=422 if form.errors else 200)
    told = form.cleaned_data
    entry = {**_who(user), "record": told["record"], "euid": told["euid"], "reason": told["reason"].strip()}
    entry["euids"] = [told["euid"]] if told["euid"] else []
    number = here.journal.take_number(here.book.manifest.numbers_of(here.station), entry, token=str(told["token"]))
    return _show(request, "mpi/downtime/registered.html", {"number": number, "chosen": context["chosen"]})


def _begun(euid: str) -> dict[str, str]:
    """What the form begins with, of somebody chosen from the look-up."""
    found = desk().book.person(normal_euid(euid)) if euid else None
    if found is None:
        return {}
    name = found["name"]
    return {
        "family_name": name.get("family", ""),
        "given_name": name.get("given", ""),
        "middle_name": name.get("middle", ""),
        "birth_date": formats.day(found["birth_date"]),
        "sex": found["sex"],
    }


def _named(record: Mapping[str, str]) -> dict[str, str]:
    parts = {"family": "family_name", "given": "given_name", "middle": "middle_name", "suffix": "suffix"}
    return {part: record.get(key, "") for part, key in parts.items()}


@require_safe
@signed_in
def registered(request: HttpRequest, user: Mapping[str, Any]) -> HttpResponseBase:
    """What this station has registered, newest first."""
    here = desk()
    rows = here.registered()
    here.journal.append("search", {**_who(user), "euids": [row["euid"] for row in rows if row["euid"]]})
    shown = [{**row, "at": datetime.fromisoformat(row["at"]), "patient": _named(row["record"])} for row in rows]
    return _show(request, "mpi/downtime/registrations.html", {"rows": shown, "tab": "registered"})
