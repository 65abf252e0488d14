"""Patients whom nobody knows: a name from the pool at once; later who it is. And a registration taken back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from mpi import access
from mpi.access import Permission, allowed
from mpi.errors import InvalidInput
from mpi.models import GoldenRecord
from mpi.queries import registration as reads
from mpi.queries.person import banner
from mpi.services.merge import preview_merge
from mpi.services.registration_alias import allot_aliases, register_alias
from mpi.services.registration_identify import Identified, Identity, identify
from mpi.services.registration_later import find_registration, record_of, withdraw_registration
from mpi.services.registration_look import LookAgain
from mpi.services.second_person_policy import WORDS, merge_reasons
from mpi.web.forms import WordsForm
from mpi.web.forms_register import AliasForm, AllotForm, IdentifyForm, PatientForm, WhyNewForm
from mpi.web.notices import tell
from mpi.web.pages import ActorRequest, page, posted, require, show
from mpi.web.registering import look_for, purpose_of, typed_form
from mpi.web.sealed import seal, unseal
from mpi.web.views.register import REGISTERED, add_flaws, look_page, refused

_BOTH = require_http_methods(["GET", "POST"])


@page
@_BOTH
def unidentified(request: ActorRequest) -> HttpResponse:
    """Says which name is next; then takes it."""
    actor = require(request, Permission.REGISTER)
    form = AliasForm(posted(request))
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        row, _ = register_alias(token=told["token"], sex=told["sex"], facility=told["facility"], actor=actor)
        messages.success(request, REGISTERED)
        return redirect("registration", row.uuid)
    context = {"form": form, "pool": reads.pool(shown=1)}
    return show(request, "mpi/register_alias.html", context, status=422 if form.errors else 200)


@page
@_BOTH
def names(request: ActorRequest) -> HttpResponse:
    """The pool: how many names are left; a supervisor sets more aside, for wristbands printed before."""
    actor = require(request, Permission.SUPERVISE)
    form = AllotForm(posted(request), initial={"count": 50})
    if request.method == "POST" and form.is_valid():
        aside = allot_aliases(count=form.cleaned_data["count"], actor=actor)
        messages.success(request, f"{len(aside)} names are set aside.")
        return redirect("alias-names")
    context = {"form": form, "pool": reads.pool(shown=500)}
    return show(request, "mpi/register_alias_names.html", context, status=422 if form.errors else 200)


def _alias(request: ActorRequest, registration_uuid: UUID) -> tuple[reads.Place, GoldenRecord]:
    """The registration under an alias with its golden record, audited as read. Raises NotFound, InvalidInput."""
    place = reads.receipt(registration_uuid).place
    if place.registration.kind != "alias" or place.golden is None:
        raise InvalidInput("This registration is not one under an alias, or it was taken back.")
    access.access_exact_golden_record(request.actor, place.golden.euid)
    return place, place.golden


@page
@_BOTH
def identify_look(request: ActorRequest, registration_uuid: UUID) -> HttpResponse:
    """Type what is known now, and see who it may be."""
    require(request, Permission.REGISTER)
    place, golden = _alias(request, registration_uuid)
    return look_page(request, purpose_of("identify", place.registration.uuid), besides=(golden.euid,))


@page
@require_POST
def identify_check(request: ActorRequest, registration_uuid: UUID) -> HttpResponse:
    """What will become of the alias, before anything is changed."""
    require(request, Permission.REGISTER)
    place, golden = _alias(request, registration_uuid)
    form = typed_form(request)
    if not form.is_valid():
        return refused(request, form, purpose_of("identify", place.registration.uuid))
    return _check_page(request, place, golden, form, request.POST.get("euid", ""))


def _check_page(
    request: ActorRequest,
    place: reads.Place,
    golden: GoldenRecord,
    form: PatientForm,
    euid: str,
    why: WhyNewForm | IdentifyForm | None = None,
    *,
    refusal: LookAgain | None = None,
    status: int = 200,
) -> HttpResponse:
    actor = request.actor
    looked = look_for(request, form.record(), besides=(golden.euid,))
    chosen = access.access_person(actor, euid)[0] if euid else None
    merges = chosen is not None and allowed(actor, Permission.MERGE)
    context = {
        "place": place,
        "form": form,
        "typed": form.record(),
        "looked": looked,
        "chosen": banner(chosen) if chosen else None,
        "merges": merges,
        "preview": preview_merge(survivor_euid=chosen.euid, retired_euid=golden.euid, actor=actor)
        if merges and chosen
        else None,
        "asked_by": [WORDS[code] for code in merge_reasons(chosen, golden, actor=actor)] if merges and chosen else (),
        "why": why or (IdentifyForm() if chosen else WhyNewForm(asked=bool(looked.candidates))),
        "refusal": refusal,
        "draft": seal(
            {
                "patient": form.document(),
                "euid": chosen.euid if chosen else "",
                "euid_version": chosen.version if chosen else None,
                "version": place.record.version if place.record else None,
                "seen": looked.euids,
            },
            actor,
        ),
    }
    return show(request, "mpi/register_identify.html", context, status=status)


@page
@require_POST
def identified(request: ActorRequest, registration_uuid: UUID) -> HttpResponse:
    """The patient under an alias is somebody: known, or new."""
    actor = require(request, Permission.REGISTER)
    place, golden = _alias(request, registration_uuid)
    draft = unseal(request.POST.get("draft", ""), actor, "patient", "euid", "euid_version", "version", "seen")
    form, euid = PatientForm(draft["patient"]), draft["euid"]
    why = IdentifyForm(request.POST) if euid else WhyNewForm(request.POST, asked=bool(draft["seen"]))
    if not (form.is_valid() and why.is_valid()):
        return _check_page(request, place, golden, form, euid, why, status=422)
    said = why.said() if isinstance(why, WhyNewForm) else why.cleaned_data
    identity = Identity(form.record(), euid, draft["euid_version"], said["reason_code"], said["reason"])
    try:
        done = identify(
            registration_uuid=registration_uuid,
            identity=identity,
            seen=draft["seen"],
            version=draft["version"],
            actor=actor,
        )
    except LookAgain as refusal:
        return _check_page(request, place, golden, form, euid, refusal=refusal, status=refusal.http_status)
    except InvalidInput as refusal:
        add_flaws(why, refusal)
        return _check_page(request, place, golden, form, euid, why, status=422)
    _say(request, done)
    return redirect("registration", registration_uuid)


def _say(request: ActorRequest, done: Identified) -> None:
    if done.merged is not None:
        tell(request, done.merged)
    elif done.proposed:
        messages.success(request, "The record is corrected. The merge waits for a second person to approve it.")
    elif done.asked:
        messages.success(request, "The record is corrected. A steward is asked whether the two are one person.")
    else:
        messages.success(request, "The record is corrected: it tells who the patient is.")


@page
@_BOTH
def withdraw(request: ActorRequest, registration_uuid: UUID) -> HttpResponse:
    """A slip: the number was never given."""
    actor = require(request, Permission.REGISTER)
    row = find_registration(registration_uuid)
    form = WordsForm(posted(request))
    if request.method == "POST" and form.is_valid():
        withdraw_registration(registration_uuid=row.uuid, reason=form.cleaned_data["reason"], actor=actor)
        messages.success(request, "The registration is taken back: its number stands for nobody.")
        return redirect("registration", row.uuid)
    access.access_record(actor, pk=record_of(row).pk)
    context = {"place": reads.receipt(row.uuid).place, "form": form}
    return show(request, "mpi/register_withdraw.html", context, status=422 if form.errors else 200)
