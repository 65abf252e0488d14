"""The registration desk: look first, then another number for a known person, or somebody new."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mpi import access
from mpi.access import Permission
from mpi.errors import InvalidInput, MpiError
from mpi.queries import registration as reads
from mpi.queries.person import banner
from mpi.services.reasons import REASONS
from mpi.services.registration import register_new, register_visit
from mpi.services.registration_later import may_withdraw
from mpi.services.registration_look import LookAgain
from mpi.web.forms import MpiForm
from mpi.web.forms_register import HowKnownForm, LookForm, PatientForm, WhyNewForm
from mpi.web.pages import ActorRequest, page, require, show, whole_number
from mpi.web.registering import Purpose, compared, look_for, purpose_of, typed_form
from mpi.web.sealed import seal, unreadable, unseal

REGISTERED = "Registered under the number below."
"""A notice travels in a cookie: the number itself does not."""


def look_page(request: ActorRequest, purpose: Purpose, *, besides: tuple[str, ...] = ()) -> HttpResponse:
    """The form and who is likely: empty, or with what was typed (without script, or carried back from a later step)."""
    if request.method == "GET":
        return show(request, "mpi/register.html", {"form": PatientForm(), "purpose": purpose})
    form = typed_form(request)
    looked = look_for(request, form.so_far(), besides=besides)
    return show(request, "mpi/register.html", {"form": form, "purpose": purpose, "looked": looked})


def refused(request: ActorRequest, form: PatientForm, purpose: Purpose) -> HttpResponse:
    """The form again, with what is wrong with it."""
    looked = look_for(request, form.so_far())
    context = {"form": form, "purpose": purpose, "looked": looked}
    return show(request, "mpi/register.html", context, status=422)


@page
@require_http_methods(["GET", "POST"])
def register(request: ActorRequest) -> HttpResponse:
    require(request, Permission.REGISTER)
    return look_page(request, purpose_of("patient"))


@page
@require_POST
def look_up(request: ActorRequest) -> HttpResponse:
    """Who is likely, while the patient is typed: the part of the page that htmx puts in."""
    require(request, Permission.REGISTER)
    sent = LookForm(request.POST)
    if not sent.is_valid():
        raise unreadable()
    purpose = purpose_of(sent.cleaned_data["purpose"], sent.cleaned_data["registration"])
    besides: tuple[str, ...] = ()
    if purpose.registration is not None:
        own = reads.receipt(purpose.registration).place
        besides = (own.golden.euid,) if own.golden else ()
    looked = look_for(request, PatientForm(request.POST).so_far(), besides=besides)
    return show(request, "mpi/_register_likely.html", {"looked": looked, "purpose": purpose, "part": True})


@page
@require_POST
def choose(request: ActorRequest) -> HttpResponse:
    """A known person: what was typed beside what is known, before the visit gets its number."""
    require(request, Permission.REGISTER)
    form = typed_form(request)
    if not form.is_valid():
        return refused(request, form, purpose_of("patient"))
    return _choice(request, form, request.POST.get("euid", ""))


def _choice(
    request: ActorRequest, form: PatientForm, euid: str, how: HowKnownForm | None = None, *, status: int = 200
) -> HttpResponse:
    golden, _ = access.access_person(request.actor, euid)
    looked = look_for(request, form.record())
    found = next((one for one in looked.candidates if one.person.euid == golden.euid), None)
    context = {
        "form": form,
        "how": how or HowKnownForm(needed=found is None or found.probability is None),
        "person": banner(golden),
        "found": found,
        "rows": compared(form, golden),
        "draft": seal({"patient": form.document(), "euid": golden.euid}, request.actor),
    }
    return show(request, "mpi/register_visit.html", context, status=status)


@page
@require_POST
def visit(request: ActorRequest) -> HttpResponse:
    """The chosen person gets the number of this visit."""
    actor = require(request, Permission.REGISTER)
    draft = unseal(request.POST.get("draft", ""), actor, "patient", "euid")
    form = PatientForm(draft["patient"])
    how = HowKnownForm(request.POST, needed=False)
    if not (form.is_valid() and how.is_valid()):
        return _choice(request, form, draft["euid"], how, status=422)
    try:
        row, _ = register_visit(
            token=form.token_value,
            record=form.record(),
            euid=draft["euid"],
            reason=how.cleaned_data["reason"],
            actor=actor,
        )
    except InvalidInput as refusal:
        add_flaws(how, refusal)
        return _choice(request, form, draft["euid"], how, status=422)
    messages.success(request, REGISTERED)
    return redirect("registration", row.uuid)


@page
@require_POST
def create(request: ActorRequest) -> HttpResponse:
    """Somebody new: who was shown once more, and why it is none of them."""
    require(request, Permission.REGISTER)
    form = typed_form(request)
    if not form.is_valid():
        return refused(request, form, purpose_of("patient"))
    return creation(request, form)


def creation(
    request: ActorRequest,
    form: PatientForm,
    why: WhyNewForm | None = None,
    *,
    mother: bool = False,
    refusal: MpiError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page before somebody new is created, with everybody likely; of a new mother her child comes next."""
    looked = look_for(request, form.record())
    context = {
        "form": form,
        "typed": form.record(),
        "looked": looked,
        "why": why or WhyNewForm(asked=bool(looked.candidates)),
        "refusal": refusal,
        "mother": mother,
        "draft": seal({"patient": form.document(), "seen": looked.euids}, request.actor),
    }
    return show(request, "mpi/register_new.html", context, status=status)


@page
@require_POST
def new(request: ActorRequest) -> HttpResponse:
    """Somebody new gets a number."""
    actor = require(request, Permission.REGISTER)
    draft = unseal(request.POST.get("draft", ""), actor, "patient", "seen")
    form, seen = PatientForm(draft["patient"]), draft["seen"]
    why = WhyNewForm(request.POST, asked=bool(seen))
    if not (form.is_valid() and why.is_valid()):
        return creation(request, form, why, status=422)
    try:
        row, _ = register_new(token=form.token_value, record=form.record(), seen=seen, actor=actor, **why.said())
    except LookAgain as refusal:
        return creation(request, form, refusal=refusal, status=refusal.http_status)
    messages.success(request, REGISTERED)
    return redirect("registration", row.uuid)


def add_flaws(form: MpiForm, refusal: InvalidInput) -> None:
    """Say at the fields what a service has found wrong."""
    for flaw in refusal.flaws:
        place = flaw.field if flaw.field in form.fields else None
        form.add_error(place, f"This {flaw.problem}{f'; {flaw.mend}' if flaw.mend else ''}.")


@page
@require_safe
def registration(request: ActorRequest, registration_uuid: UUID) -> HttpResponse:
    """What a registration has become, and what may come next."""
    actor = require(request, Permission.REGISTER)
    found = reads.receipt(registration_uuid)
    if found.place.record is not None:
        access.access_record(actor, pk=found.place.record.pk)
    if found.place.golden is not None:
        access.audit_shown(actor, found.others, beside=found.place.golden.euid)
    row = found.place.registration
    context = {
        "receipt": found,
        "place": found.place,
        "reason_words": REASONS.get(row.reason_code, row.reason_code),
        "may_withdraw": may_withdraw(row, actor),
    }
    return show(request, "mpi/registration.html", context)


@page
@require_safe
def waiting(request: ActorRequest) -> HttpResponse:
    """Newborns to be named and patients to be identified."""
    actor = require(request, Permission.REGISTER)
    found = reads.waiting(whole_number(request.GET.get("before", "")))
    access.audit_search(actor, sorted({one.golden.euid for one in found.rows if one.golden}))
    return show(request, "mpi/register_waiting.html", {"page": found, "query": ""})
