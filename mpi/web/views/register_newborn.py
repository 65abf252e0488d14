"""Newborns at the registration desk: the mother first, then her children in their order; their names later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from mpi import access, codec
from mpi.access import Permission
from mpi.commands import Actor
from mpi.errors import MpiError
from mpi.queries.person import banner
from mpi.services.registration_later import find_registration, name_newborn, record_of
from mpi.services.registration_look import LookAgain
from mpi.services.registration_newborn import (
    Birth,
    NewMother,
    child_records,
    oddities,
    record_family,
    register_newborns,
)
from mpi.web.forms_register import ChildNameForm, ChildrenForm, PatientForm, WhyNewForm
from mpi.web.pages import ActorRequest, page, posted, require, show
from mpi.web.registering import Looked, look_for, purpose_of, typed_form
from mpi.web.sealed import seal, unreadable, unseal
from mpi.web.views.register import creation, look_page, refused


@page
@require_http_methods(["GET", "POST"])
def newborn(request: ActorRequest) -> HttpResponse:
    """Look the mother up."""
    require(request, Permission.REGISTER)
    return look_page(request, purpose_of("mother"))


@page
@require_POST
def mother(request: ActorRequest) -> HttpResponse:
    """A known mother was chosen."""
    actor = require(request, Permission.REGISTER)
    golden, _ = access.access_person(actor, request.POST.get("euid", ""))
    return redirect("register-children", golden.euid)


@page
@require_http_methods(["GET"])
def children(request: ActorRequest, euid: str) -> HttpResponse:
    """The children of a known mother."""
    actor = require(request, Permission.REGISTER)
    golden, _ = access.access_person(actor, euid)
    return _children_page(request, {"mother": golden.euid, "token": str(uuid4())}, ChildrenForm())


@page
@require_POST
def with_mother(request: ActorRequest) -> HttpResponse:
    """The children of a mother who is new: who was shown for her, and why she is none of them, goes along."""
    actor = require(request, Permission.REGISTER)
    form = typed_form(request)
    if not form.is_valid():
        return refused(request, form, purpose_of("mother"))
    if "reason_code" not in request.POST:
        return creation(request, form, mother=True)
    seen = unseal(request.POST.get("draft", ""), actor, "seen")["seen"]
    why = WhyNewForm(request.POST, asked=bool(seen))
    if not why.is_valid():
        return creation(request, form, why, mother=True, status=422)
    carried = {"new_mother": form.document(), "seen": seen, "token": str(form.token_value), **why.said()}
    return _children_page(request, carried, ChildrenForm())


def _children_page(
    request: ActorRequest, carried: Mapping[str, Any], form: ChildrenForm, *, status: int = 200
) -> HttpResponse:
    actor = request.actor
    context = {"form": form, "draft": seal(dict(carried), actor), **_mother_shown(actor, carried)}
    return show(request, "mpi/register_children.html", context, status=status)


def _mother_shown(actor: Actor, carried: Mapping[str, Any], birth_date: str = "") -> dict[str, object]:
    """For the page: the banner of a known mother, audited, and what is odd about it; nothing of one who is new."""
    if not carried.get("mother"):
        return {}
    golden, _ = access.access_person(actor, carried["mother"])
    return {"mother": banner(golden), "oddities": oddities(golden, birth_date)}


@dataclass(frozen=True, slots=True)
class ChildShown:
    """One child as it will be registered, and who is likely to be it already."""

    order: int
    name: object
    sex: str
    looked: Looked


@page
@require_POST
def check(request: ActorRequest) -> HttpResponse:
    """What will be registered, and whether a child is known already."""
    actor = require(request, Permission.REGISTER)
    carried = unseal(request.POST.get("draft", ""), actor, "token")
    form = ChildrenForm(request.POST)
    if not form.is_valid():
        return _children_page(request, carried, form, status=422)
    return _checked(request, {**carried, "children": {name: request.POST.get(name, "") for name in form.fields}})


def _checked(
    request: ActorRequest,
    carried: Mapping[str, Any],
    why: WhyNewForm | None = None,
    *,
    refusal: MpiError | None = None,
    status: int = 200,
) -> HttpResponse:
    birth = _birth(carried)
    shown = [
        ChildShown(order, record.names[0], record.sex, look_for(request, record, besides=(birth.mother_euid,)))
        for order, record in enumerate(child_records(birth), start=1)
    ]
    seen = sorted({euid for child in shown for euid in child.looked.euids})
    context = {
        **_mother_shown(request.actor, carried, birth.birth_date),
        "new_mother": birth.new_mother,
        "birth": birth,
        "children": shown,
        "why": why or WhyNewForm(asked=bool(seen)),
        "asked": bool(seen),
        "refusal": refusal,
        "draft": seal({**carried, "children_seen": seen}, request.actor),
    }
    return show(request, "mpi/register_birth.html", context, status=status)


def _birth(carried: Mapping[str, Any]) -> Birth:
    """What the sealed steps say. Raises InvalidInput where they cannot be read together."""
    form = ChildrenForm(carried["children"])
    if not form.is_valid():
        raise unreadable()
    new = None
    if carried.get("new_mother"):
        typed = PatientForm(carried["new_mother"])
        if not typed.is_valid():
            raise unreadable()
        new = NewMother(typed.record(), carried["seen"], carried["reason_code"], carried["reason"])
    return Birth(form.cleaned_data["birth_date"], form.children(), carried.get("mother", ""), new)


@page
@require_POST
def born(request: ActorRequest) -> HttpResponse:
    """Mother and children are registered together."""
    actor = require(request, Permission.REGISTER)
    carried = unseal(request.POST.get("draft", ""), actor, "token", "children", "children_seen")
    seen = carried["children_seen"]
    why = WhyNewForm(request.POST, asked=bool(seen))
    if not why.is_valid():
        return _checked(request, carried, why, status=422)
    try:
        done = register_newborns(
            token=UUID(carried["token"]), birth=_birth(carried), seen=seen, actor=actor, **why.said()
        )
    except LookAgain as refusal:
        return _checked(request, carried, refusal=refusal, status=refusal.http_status)
    first = next(row for row, _ in done if row.kind == "newborn")
    number = len(done) - bool(carried.get("new_mother"))
    messages.success(request, f"Registered: {number} newborn{'' if number == 1 else 's'}.")
    return redirect("registration", first.uuid)


@page
@require_POST
def relate_family(request: ActorRequest, registration_uuid: UUID) -> HttpResponse:
    """Mother and children are recorded as related, where that was not done with the registration."""
    actor = require(request, Permission.REGISTER)
    record_family(registration_uuid=registration_uuid, actor=actor)
    messages.success(request, "Mother and children are recorded as related.")
    return redirect("registration", registration_uuid)


@page
@require_http_methods(["GET", "POST"])
def name(request: ActorRequest, registration_uuid: UUID) -> HttpResponse:
    """A newborn gets its name; the one before stays a former name."""
    actor = require(request, Permission.REGISTER)
    row = find_registration(registration_uuid)
    record = access.access_record(actor, pk=record_of(row).pk)
    form = ChildNameForm(posted(request), initial={"version": record.version})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        result = name_newborn(
            registration_uuid=row.uuid,
            given=told["given_name"],
            middle=told["middle_name"],
            family=told["family_name"],
            version=told["version"],
            actor=actor,
        )
        held = result.outcome == "quarantined"
        words = "A steward looks at this name first." if held else "The child has its name."
        (messages.warning if held else messages.success)(request, words)
        return redirect("registration", row.uuid)
    context = {"row": row, "form": form, "now_called": codec.masked_told(record).names[0]}
    return show(request, "mpi/register_name.html", context, status=422 if form.errors else 200)
