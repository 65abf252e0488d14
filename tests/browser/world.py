"""A small index that has something to show on every page, made through the services."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from django.test import Client, override_settings

from mpi.access import ROLES
from mpi.commands import Actor
from mpi.models import User
from mpi.services.override import set_value
from mpi.services.proposal_acts import ProposedMerge, Why
from mpi.services.proposal_propose import propose
from mpi.services.registration_alias import allot_aliases, register_alias
from mpi.services.registration_newborn import Birth, Child, register_newborns
from mpi.services.rematch import preview_rematch
from mpi.services.separate import separate
from mpi.services.source_merge import merge_source_records
from mpi.services.systems import register_system
from mpi.services.users import put_user
from mpi.services.vip import mark_vip
from mpi.services.watch import watch_persons
from tests.imports.filing import ANN, BEN, csv_text, run_import
from tests.services.acting import merge
from tests.services.evaluating import evaluated, told_index
from tests.services.models import activated, approved, changed, drafted
from tests.services.ruling import draft, previewed, second_supervisor
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, MARGARET, owner, tell, versions

_LETTER = {"survivor_mrn": "4", "subsumed_mrn": "41", "reason_code": "source-confirmed", "reason": "A letter"}

_HOLLOWAY = {"family_name": "Holloway", "given_name": "Margaret", "birth_date": "09-Mar-1971", "sex": "F"}
TYPED: dict[str, dict[str, str]] = {
    "search": {"q": "Holloway"},
    "register-create": {**_HOLLOWAY, "token": str(uuid4())},
    "compare": {f"{side}-{name}": value for side in ("left", "right") for name, value in _HOLLOWAY.items()},
}
"""Pages that show something only where something was typed, and what."""


def build_world(folder: Path, *, steward: Actor, supervisor: Actor, administrator: Actor, system: Actor) -> None:
    """Persons of several records, open questions, a merge, a separation, an override, tasks, drafts and runs."""
    for rank, code in enumerate(("HIS", "LAB", "PORTAL", "CLINIC"), start=1):
        register_system(code=code, name=f"{code.title()} system", rank=rank, actor=system)
    truth = told_index()
    _acts(steward)
    mark_vip(euid=owner("HIS", "12").euid, reason="In the news", actor=supervisor)
    _registered(steward, supervisor)
    for _ in range(2):
        evaluated(supervisor, truth)
    _drafts(supervisor, administrator)
    preview_rematch(model_name="", actor=supervisor)
    path = folder / "patients.csv"
    path.write_text(csv_text(ANN, {**BEN, "birth_date": "31-02-1984"}))
    run_import(path)


def _acts(steward: Actor) -> None:
    """What people decided, and what still waits for them."""
    tell("HIS", "10", {**ESTEBAN, "given_name": "Stefan", "ssn": "", "phone": "", "street": "4 Elm Row"})
    merge(owner("LAB", "8"), owner("HIS", "10"), steward)
    separate(
        euid_a=owner("HIS", "1").euid,
        euid_b=owner("HIS", "4").euid,
        reason_code="documents-seen",
        reason="Two people",
        actor=steward,
    )
    katherine = owner("HIS", "1")
    set_value(
        euid=katherine.euid,
        field="phone",
        value="937-555-0199",
        reason="She called",
        version=versions(katherine)[katherine.euid],
        actor=steward,
    )
    tell("HIS", "41", MARCUS)
    merge_source_records(system="HIS", actor=steward, **_LETTER)
    tell("LAB", "11", {**KATHERINE, "given_name": "Catharina", "ssn": "", "birth_date": "1971-09-03", "email": ""})
    tell("HIS", "12", {**MARGARET, "given_name": "Megan", "ssn": "", "phone": ""})
    tell("HIS", "1", {**MARCUS, "street": "801 Kettering Boulevard"})  # an overlay
    sides = owner("LAB", "8"), owner("LAB", "7")
    merge_of_two = ProposedMerge(sides[0].euid, sides[1].euid, versions(*sides))
    propose(act=merge_of_two, why=Why("documents-seen", "A passport"), actor=steward)


def _registered(steward: Actor, supervisor: Actor) -> None:
    """Somebody whom nobody knows, twins without names, and what the watch finds."""
    allot_aliases(count=2, actor=supervisor)
    register_alias(token=uuid4(), sex="M", actor=steward)
    birth = Birth("2026-11-20", (Child("F"), Child("F")), mother_euid=owner("HIS", "6").euid)
    register_newborns(token=uuid4(), birth=birth, seen=(), actor=steward)
    with override_settings(LARGE_PERSON=1):
        watch_persons(whole=True)


def _drafts(supervisor: Actor, administrator: Actor) -> None:
    """Linkage models and survivorship rules in each of their states."""
    activated(changed("newer"), supervisor, administrator)
    approved(changed("next"), supervisor, administrator)
    drafted(changed("draft"), supervisor)
    draft(supervisor, "by-rank", phone=["source_rank"])
    previewed(second_supervisor(), "by-rank")


def with_every_role(client: Client, system: Actor) -> Client:
    """The session of somebody who holds every role, so that each page shows all it has."""
    put_user(username="erika", display_name="Erika Example", roles=list(ROLES), password="not typed here", actor=system)
    client.force_login(User.objects.get(username="erika"), backend="django.contrib.auth.backends.ModelBackend")
    return client
