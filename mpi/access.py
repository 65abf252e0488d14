"""The gate: who may do what, and the only way to a person. Reading is an auditable act, so the gate writes it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record, record_reads
from mpi.commands import Actor
from mpi.database.straight import tell
from mpi.errors import Forbidden, NotFound
from mpi.euid import normal_euid
from mpi.models import (
    Decision,
    GoldenRecord,
    GoldenStatus,
    IdentityTask,
    InboundMessage,
    PotentialMatch,
    Proposal,
    SourceRecord,
)


class Permission:
    """Names of what may be done. A role is a set of these; a client's scope is one of these."""

    MATCH = "match"
    RECORD_READ = "records.read"
    RECORD_WRITE = "records.write"
    PERSON_READ = "persons.read"
    REGISTER = "register"
    REVIEW = "review"
    SUPERVISE = "review.supervise"
    MERGE = "merge"
    APPROVE = "proposals.approve"
    UNMASK = "ssn.unmask"
    MESSAGES = "messages"
    JOBS = "jobs"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    MODEL_READ = "model.read"
    EVALUATION = "evaluation"
    MODEL_MANAGE = "model.manage"
    USERS = "users"
    EXPORT = "export"


SCOPES = (
    Permission.MATCH,
    Permission.RECORD_READ,
    Permission.RECORD_WRITE,
    Permission.PERSON_READ,
    Permission.REVIEW,
    Permission.MERGE,
    Permission.APPROVE,
    Permission.MESSAGES,
    Permission.JOBS,
    Permission.AUDIT_READ,
    Permission.MODEL_READ,
)
"""What a token client may be given."""

_CLERK = {
    Permission.MATCH,
    Permission.RECORD_READ,
    Permission.PERSON_READ,
    Permission.REGISTER,
    Permission.JOBS,
}
_STEWARD = _CLERK | {
    Permission.REVIEW,
    Permission.MERGE,
    Permission.APPROVE,
    Permission.MESSAGES,
    Permission.MODEL_READ,
    Permission.UNMASK,
}
ROLES: dict[str, frozenset[str]] = {
    "clerk": frozenset(_CLERK),
    "steward": frozenset(_STEWARD),
    "supervisor": frozenset(
        _STEWARD | {Permission.SUPERVISE, Permission.EVALUATION, Permission.EXPORT, Permission.MODEL_MANAGE}
    ),
    "compliance officer": frozenset(
        {
            Permission.AUDIT_READ,
            Permission.AUDIT_EXPORT,
            Permission.PERSON_READ,
            Permission.MODEL_READ,
            Permission.EVALUATION,
        }
    ),
    "administrator": frozenset(
        {
            Permission.USERS,
            Permission.JOBS,
            Permission.MODEL_READ,
            Permission.MODEL_MANAGE,
            Permission.EVALUATION,
        }
    ),
}
"""Role (a Django group of this name) to permissions. The administrator sees no PHI (DESIGN §11)."""


def allowed(actor: Actor, permission: str) -> bool:
    """Whether the actor holds the permission; the index itself holds all."""
    return "*" in actor.permissions or permission in actor.permissions


def require(actor: Actor, permission: str) -> None:
    """Raise Forbidden, and write the refusal down in a transaction of its own, unless the actor may."""
    if allowed(actor, permission):
        return
    refusal = entry_by(actor, Action.ACCESS_REFUSED, outcome="refused", detail={"permission": permission})
    with transaction.atomic():
        record(refusal)
    raise Forbidden(f"This needs the permission “{permission}”, which {actor.name} does not have.")


def golden_subject(euid: str) -> tuple[str, str]:
    """How a golden record is named in the audit log."""
    return "golden_record", euid


def record_subject(record_uuid: object) -> tuple[str, str]:
    """How a source record is named in the audit log: by its UUID, never by its MRN."""
    return "source_record", str(record_uuid)


def live_golden_record(euid: str) -> tuple[GoldenRecord, tuple[str, ...]]:
    """Follow merges to the survivor. Returns it and the EUIDs passed on the way, the asked one first.

    Raises NotFound. Cost: one query a step.
    """
    passed: list[str] = []
    golden = GoldenRecord.objects.filter(euid=normal_euid(euid)).first()
    while golden is not None and golden.status == GoldenStatus.MERGED:
        passed.append(golden.euid)
        golden = golden.merged_into
    if golden is None:
        raise NotFound("There is no golden record under this EUID.")
    return golden, tuple(passed)


def access_person(actor: Actor, euid: str) -> tuple[GoldenRecord, tuple[str, ...]]:
    """The live golden record for reading, audited as a read of the person. Raises Forbidden, NotFound."""
    require(actor, Permission.PERSON_READ)
    golden, passed = live_golden_record(euid)
    related = tuple(golden_subject(other) for other in passed)
    _note_read(actor, Action.PERSON_READ, golden_subject(golden.euid), related=related)
    return golden, passed


def access_exact_golden_record(actor: Actor, euid: str, *, as_of: datetime | None = None) -> GoldenRecord:
    """The golden record of exactly this EUID, merged or not, for its history. Raises Forbidden, NotFound.

    Audited; `as_of` is written down where the person is looked at as of a past instant.
    """
    require(actor, Permission.PERSON_READ)
    golden = GoldenRecord.objects.filter(euid=normal_euid(euid)).first()
    if golden is None:
        raise NotFound("There is no golden record under this EUID.")
    detail = {"as_of": as_of.isoformat()} if as_of else None
    _note_read(actor, Action.PERSON_READ, golden_subject(golden.euid), detail=detail)
    return golden


def access_record(actor: Actor, *, system: str = "", mrn: str = "", pk: int | None = None) -> SourceRecord:
    """One source record, by (system, MRN) or by key, audited as a read. Raises Forbidden, NotFound."""
    require(actor, Permission.RECORD_READ)
    records = SourceRecord.objects.select_related("source_system")
    found = (records.filter(pk=pk) if pk is not None else records.filter(source_system__code=system, mrn=mrn)).first()
    if found is None:
        raise NotFound("There is no source record under this system and number.")
    _note_read(actor, Action.RECORD_READ, record_subject(found.uuid), related=owners_of(found.pk))
    return found


def access_potential_match(actor: Actor, uuid: UUID | str) -> PotentialMatch:
    """One potential match with both sides, audited as a read of both persons. Raises Forbidden, NotFound."""
    require(actor, Permission.REVIEW)
    related = ("golden_a", "golden_b", "record_a__source_system", "record_b__source_system", "decision")
    found = PotentialMatch.objects.select_related(*related).filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no potential match under this number.")
    sides = (golden_subject(found.golden_a.euid), golden_subject(found.golden_b.euid))
    _note_read(actor, Action.POTENTIAL_MATCH_READ, ("potential_match", str(found.uuid)), related=sides)
    return found


def access_identity_task(actor: Actor, uuid: UUID | str) -> IdentityTask:
    """One task with its source record, or both, audited as a read of whose they are. Raises Forbidden, NotFound."""
    require(actor, Permission.REVIEW)
    records = ("source_record__source_system", "other_record__source_system")
    found = IdentityTask.objects.select_related(*records).filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no identity task under this number.")
    related, detail = owners_of(found.source_record_id), {"task": str(found.uuid)}
    if found.other_record is not None:
        related += (record_subject(found.other_record.uuid), *owners_of(found.other_record.pk))
    _note_read(actor, Action.TASK_READ, record_subject(found.source_record.uuid), related=related, detail=detail)
    return found


def access_proposal(actor: Actor, uuid: UUID | str) -> Proposal:
    """One proposal, audited as a read of everybody it concerns. Raises Forbidden, NotFound."""
    require(actor, Permission.REVIEW)
    related = ("event", "potential_match__golden_a", "potential_match__golden_b", "identity_task")
    found = Proposal.objects.select_related(*related).filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no proposal under this number.")
    concerned = tuple(golden_subject(euid) for euid in found.versions)
    _note_read(actor, Action.PROPOSAL_READ, ("proposal", str(found.uuid)), related=concerned)
    return found


def access_decision(actor: Actor, uuid: UUID | str) -> Decision:
    """One stored decision with its record and model, audited as a read of the record. Raises Forbidden, NotFound."""
    require(actor, Permission.PERSON_READ)
    found = Decision.objects.select_related("source_record__source_system", "model_version").filter(uuid=uuid)
    decision = found.defer("model_version__document").first()
    if decision is None:
        raise NotFound("There is no decision under this number.")
    related, detail = owners_of(decision.source_record_id), {"decision": str(decision.uuid)}
    _note_read(actor, Action.RECORD_READ, record_subject(decision.source_record.uuid), related=related, detail=detail)
    return decision


def access_message(actor: Actor, uuid: UUID | str) -> InboundMessage:
    """One message with its payload, for `mpi.services.raw_message`, which writes the look down with its reason.

    Raises Forbidden, NotFound.
    """
    require(actor, Permission.MESSAGES)
    require(actor, Permission.RECORD_READ)
    found = InboundMessage.objects.filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no message under this number.")
    return found


def audit_shown(actor: Actor, euids: Sequence[str], *, beside: str) -> None:
    """Write down that these golden records were shown on the page of another one. One event; none for nobody."""
    others = tuple(golden_subject(euid) for euid in dict.fromkeys(euids))
    if not others:
        return
    with transaction.atomic():
        record(entry_by(actor, Action.PERSON_SHOWN, related=others, detail={"beside": beside}))


def audit_search(actor: Actor, euids: Sequence[str], *, action: Action = Action.PERSON_SEARCHED) -> None:
    """Write down a search: one event for the search and one a person in the result (IHE BALP PatientQuery).

    Committed when this returns, unless a transaction is open.
    """
    entries = [entry_by(actor, action, detail={"results": len(euids)})]
    entries += [entry_by(actor, action, subject=golden_subject(euid)) for euid in euids]
    record_reads(entries, send=tell)


def _note_read(
    actor: Actor,
    action: Action,
    subject: tuple[str, str],
    *,
    related: tuple[tuple[str, str], ...] = (),
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write one read down, in a transaction of its own unless one is open."""
    with transaction.atomic():
        record(entry_by(actor, action, subject=subject, related=related, detail=detail))


def owners_of(record_id: int) -> tuple[tuple[str, str], ...]:
    """Whose source record it is, as a subject of the audit log: () for one that belongs to nobody now. One query."""
    owners = GoldenRecord.objects.filter(links__source_record_id=record_id, links__ended_at__isnull=True)
    return tuple(golden_subject(euid) for euid in owners.values_list("euid", flat=True))
