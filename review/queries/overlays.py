"""Everything the page of a suspected overlay shows. Queries do not grow with the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matching.overlay import EXPLANATION_WORDS, assess
from mpi import codec
from mpi.models import IdentityTask, RecordState, Subscriber, TaskType
from mpi.queries.evidence import EvidenceRow
from mpi.queries.identity_tasks import (
    owners_of,
    reasons_of,
    trusted_record,
    waiting_behind,
)
from mpi.queries.person import Banner, banner
from mpi.services.active_model import active_model
from mpi.services.waiting_update import WaitingUpdate
from review.queries.queue_types import TARGETS
from review.queries.task_answers import Decided, decided
from review.queries.task_evidence import evidence_today
from review.queries.told_rows import Telling, told_rows


@dataclass(frozen=True, slots=True)
class OverlayPage:
    """A task: the record as trusted on the left, the update that waits on the right.

    `speaks_for` are the rules that say "still the same person" in spite of `reasons`.
    """

    uuid: UUID
    number: int
    status: str
    held: bool
    record_id: int
    system: str
    mrn: str
    version: int
    told_at: datetime
    update_at: datetime
    update_source_time: datetime | None
    message_uuid: UUID
    why: str
    speaks_for: tuple[str, ...]
    rows: tuple[EvidenceRow, ...]
    owner: Banner | None
    owner_records: int
    behind: int
    opened_at: datetime
    due_at: datetime
    late: bool
    told_to: tuple[str, ...]
    decided: Decided | None

    @property
    def open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.status == "open"


def overlay_page(task: IdentityTask, update: WaitingUpdate, *, user_id: str, now: datetime) -> OverlayPage:
    """The page of a task handed out by the gate. About eight queries."""
    trusted = trusted_record(task)
    before = codec.standard_record(trusted)
    evidence = evidence_today(before, update.standard, active_model().model)
    owner = owners_of([task]).get(task.source_record_id)
    record, message = task.source_record, update.message
    return OverlayPage(
        uuid=task.uuid,
        number=task.pk,
        status=task.status,
        held=record.state == RecordState.QUARANTINED,
        record_id=record.pk,
        system=record.source_system.name,
        mrn=record.mrn,
        version=trusted.version,
        told_at=trusted.recorded_at,
        update_at=message.received_at,
        update_source_time=update.source_time,
        message_uuid=message.uuid,
        why=why(task),
        speaks_for=tuple(EXPLANATION_WORDS[code] for code in assess(before, update.standard).explained_by),
        rows=told_rows(Telling(codec.masked_told(trusted), before), Telling(update.shown, update.standard), evidence),
        owner=banner(owner) if owner else None,
        owner_records=owner.member_count if owner else 0,
        behind=waiting_behind([message]).get(message.pk, 0),
        opened_at=task.opened_at,
        due_at=task.opened_at + TARGETS[TaskType.OVERLAY],
        late=task.status == "open" and task.opened_at + TARGETS[TaskType.OVERLAY] < now,
        told_to=tuple(Subscriber.objects.filter(active=True).order_by("name").values_list("name", flat=True)),
        decided=None if task.status == "open" else decided(task, user_id=user_id),
    )


def why(task: IdentityTask) -> str:
    """Why a person is asked, in one sentence."""
    words = [reason["words"].rstrip(".") for reason in reasons_of(task)]
    because = "; ".join(f"{part[:1].lower()}{part[1:]}" for part in words)
    source = task.source_record.source_system.name
    return f"{source} sent an update of its number {task.source_record.mrn} that looks like another person: {because}."
