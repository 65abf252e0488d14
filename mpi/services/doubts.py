"""Tasks that a batch opens about doubtful updates: at most one is open for a source record, the gravest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from audit.actions import Action
from mpi.models import IdentityTask, SourceRecord, TaskType
from mpi.services.record_states import close_task, open_task
from mpi.services.unit import UnitOfWork


@dataclass(slots=True)
class Doubts:
    """The open overlay tasks of the records of one batch, as this transaction will leave them."""

    unit: UnitOfWork
    _open: dict[int, IdentityTask | None] = field(default_factory=dict)

    def ask(self, record: SourceRecord, message_id: int, reasons: Sequence[str], *, held: bool) -> None:
        """Ask a steward about this update. One that waits comes before one that was applied: that task is closed.

        While a task about an applied update is open, a later applied one asks nothing new: the answer looks at both.
        """
        if self._known(record) is not None and not held:
            return
        self.close(record)
        kind, told = TaskType.OVERLAY, list(reasons)
        self._open[record.pk] = open_task(self.unit, record, kind, reasons=told, message_id=message_id)

    def close(self, record: SourceRecord) -> None:
        """The question about this record needs no answer any more."""
        known = self._known(record)
        if known is not None:
            close_task(self.unit, None, known, "closed")
            self.unit.audit_record(Action.TASK_CLOSED, record, message_id=known.message_id)
        self._open[record.pk] = None

    def _known(self, record: SourceRecord) -> IdentityTask | None:
        if record.pk in self._open:
            return self._open[record.pk]
        return IdentityTask.objects.filter(source_record=record.pk, type=TaskType.OVERLAY, status="open").first()
