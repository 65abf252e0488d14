"""Writing and telling: the rows, history, audit and outbox of one transaction, collected and written once.

Nothing here knows what a merge is; that is `unit`. A tracked row that is changed again in the same unit
keeps a history row for each of its versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from audit.actions import Action
from audit.record import AuditEntry, entry_by, record_many
from audit.uuid7 import uuid7
from mpi.access import golden_subject, record_subject
from mpi.commands import Actor
from mpi.database import straight
from mpi.database.copying import copy_rows
from mpi.models import (
    Decision,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    Link,
    OutboxEvent,
    PotentialMatch,
    PotentialMatchStatus,
    Relationship,
    Separation,
    SeparationPair,
    SourceMerge,
    SourceRecord,
)
from mpi.services.history import write_history
from mpi.services.rows import insert_rows, is_tracked, new_row, tell, update_rows
from mpi.services.sequences import reserve_ids

_ID_BLOCK = 32
TOLD_FIELDS = (
    "told",
    "standard",
    "ssn_cipher",
    "ssn_index",
    "standardiser",
    "payload_hash",
    "settings_hash",
    "message_id",
    "effective_at",
    "recorded_at",
)
"""Columns of a source record that say what its source told, and when."""
_RECORD_FIELDS = ["version", "state", *TOLD_FIELDS]
_GOLDEN_FIELDS = [
    "status",
    "version",
    "merged_into_id",
    "verified",
    "member_count",
    "values",
    "provenance",
    "family_name",
    "given_name",
    "birth_date",
    "recorded_at",
]
_LINK_FIELDS = ("ended_at", "ended_by_event_id")
_MATCH_FIELDS = [
    "golden_a_id",
    "golden_b_id",
    "record_a_id",
    "record_b_id",
    "kind",
    "status",
    "version",
    "grade",
    "bits",
    "probability",
    "risk",
    "reasons",
    "decision_id",
    "model_version_id",
    "opened_at",
    "closed_at",
    "closed_reason",
    "resolved_by_event_id",
]
_UPDATED_FIELDS: dict[type[models.Model], Sequence[str]] = {
    SourceRecord: _RECORD_FIELDS,
    GoldenRecord: _GOLDEN_FIELDS,
    Link: _LINK_FIELDS,
    PotentialMatch: _MATCH_FIELDS,
    Separation: ("lifted_at", "lifted_by_event_id"),
    Relationship: ("ended_at", "ended_by_event_id"),
    SourceMerge: ("ended_at", "ended_by_event_id"),
    IdentityTask: ("status", "version", "closed_at"),
}
# Foreign keys are checked at once: parents first. An ended link is written before its successor opens.
_WRITE_ORDER: tuple[type[models.Model], ...] = (
    SourceRecord,
    GoldenRecord,
    IdentityEvent,
    Decision,
    Link,
    PotentialMatch,
    Separation,
    SeparationPair,
    Relationship,
    SourceMerge,
    IdentityTask,
    OutboxEvent,
)
_FIRST, _LATER = "+", "~"
_ASIDE = "UPDATE mpi_potential_match SET status = %s WHERE id = ANY(%s::bigint[])"


_Row = TypeVar("_Row", bound=models.Model)


@dataclass(slots=True)
class Writing:
    """Collects the rows of one transaction. Create it after the locks; `write` comes last."""

    actor: Actor
    recorded_at: datetime
    golden_records: dict[int, GoldenRecord] = field(default_factory=dict)
    _new: dict[type[models.Model], dict[int, Any]] = field(default_factory=dict)
    _changed: dict[type[models.Model], dict[int, Any]] = field(default_factory=dict)
    _overtaken: dict[type[models.Model], list[Any]] = field(default_factory=dict)
    _ids: dict[type[models.Model], list[int]] = field(default_factory=dict)
    _audit: list[AuditEntry] = field(default_factory=list)
    _notices: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    _related: dict[tuple[str, int], set[str]] = field(default_factory=dict)

    # -- ids and rows -------------------------------------------------------------------------

    def take_ids(self, reserved: Mapping[type[models.Model], Sequence[int]]) -> None:
        """Keys for rows to come, reserved for all models in one round trip; more are fetched when they are used up."""
        for model, keys in reserved.items():
            self._ids.setdefault(model, [])[:0] = reversed(keys)

    def new_id(self, model: type[models.Model]) -> int:
        """A fresh primary key, from a block of the model's sequence."""
        block = self._ids.setdefault(model, [])
        if not block:
            block.extend(reversed(reserve_ids(model, _ID_BLOCK)))
        return block.pop()

    def insert(self, row: models.Model) -> None:
        """Write a new row at the flush; its key must be set."""
        self._new.setdefault(type(row), {})[row.pk] = row

    def new_rows(self, model: type[_Row]) -> list[_Row]:
        """Rows of a model that this transaction makes."""
        return list(self._new.get(model, {}).values())

    def changed_keys(self, model: type[models.Model]) -> set[int]:
        """Keys of the rows of a model that this transaction changes."""
        return set(self._changed.get(model, {}))

    def change(self, row: models.Model) -> None:
        """Write the row's present values at the flush, with history where it is tracked.

        Another instance of a row that this unit has written already is its next version: both get a history row.
        """
        new = self._new.get(type(row), {})
        standing = new if row.pk in new else self._changed.setdefault(type(row), {})
        before = standing.get(row.pk)
        if before is not None and before is not row:
            self._overtaken.setdefault(type(row), []).append(before)
        standing[row.pk] = row

    # -- telling ---------------------------------------------------------------------------------

    def audit(
        self,
        action: Action,
        *,
        subject: tuple[str, str] = ("", ""),
        related: Sequence[tuple[str, str]] = (),
        reason_code: str = "",
        reason: str = "",
        detail: dict[str, object] | None = None,
        message_id: int | None = None,
    ) -> None:
        """One audit event of this act, written with it."""
        self._audit.append(
            entry_by(
                self.actor,
                action,
                subject=subject,
                related=tuple(related),
                reason_code=reason_code,
                reason_text=reason,
                detail=detail,
                message_id=message_id,
                recorded_at=self.recorded_at,
            )
        )

    def audit_golden(self, action: Action, golden: GoldenRecord, *others: GoldenRecord, **said: Any) -> None:
        """One audit event about golden records."""
        related = [golden_subject(other.euid) for other in others]
        self.audit(action, subject=golden_subject(golden.euid), related=related, **said)

    def audit_record(self, action: Action, record: SourceRecord, *owners: GoldenRecord, **said: Any) -> None:
        """One audit event about a source record and whose it is."""
        related = [golden_subject(owner.euid) for owner in owners]
        self.audit(action, subject=record_subject(record.uuid), related=related, **said)

    def notify(
        self, kind: str, golden: GoldenRecord, *, record_ids: Iterable[int] = (), related: Iterable[str] = ()
    ) -> None:
        """Tell subscribers, after the commit: one outbox event a kind and golden record."""
        self._notices.setdefault((kind, golden.pk), set()).update(record_ids)
        self._related.setdefault((kind, golden.pk), set()).update(related)

    # -- writing -----------------------------------------------------------------------------------

    def write(self) -> None:
        """Write everything that was collected. Call once, last in the transaction."""
        self._write_outbox()
        for model in _WRITE_ORDER:
            self._write(model)
        record_many(self._audit, send=straight.tell, copy=copy_rows)

    def _write(self, model: type[models.Model]) -> None:
        """Write what is new and what is changed of a model, with the history of it."""
        fresh, changed = dict(self._new.get(model, {})), dict(self._changed.get(model, {}))
        for row in self._overtaken.get(model, ()):
            # A version that another one follows stands for a moment: its history row is made of it.
            self._store(model, [row] if row.pk in fresh else [], [] if row.pk in fresh else [row])
            if row.pk in fresh:
                changed[row.pk] = fresh.pop(row.pk)
        self._store(model, list(fresh.values()), list(changed.values()))

    def _store(self, model: type[models.Model], fresh: Sequence[models.Model], changed: Sequence[models.Model]) -> None:
        if model is PotentialMatch and len(changed) > 1:
            # Open questions may exchange their pairs: none must stand in the way of another for a moment.
            tell(_ASIDE, PotentialMatchStatus.CLOSED.value, [match.pk for match in changed])
        update_rows(changed, _UPDATED_FIELDS.get(model, ()))
        insert_rows(fresh)
        if is_tracked(model):
            write_history(
                [*((row, _LATER) for row in changed), *((row, _FIRST) for row in fresh)],
                actor=self.actor,
                recorded_at=self.recorded_at,
                correlation_id=self.actor.correlation_id,
            )

    def _write_outbox(self) -> None:
        for (kind, golden_id), record_ids in self._notices.items():
            golden = self.golden_records[golden_id]
            self.insert(
                new_row(
                    OutboxEvent,
                    id=self.new_id(OutboxEvent),
                    uuid=uuid7(),
                    type=kind,
                    golden_record_id=golden_id,
                    euid=golden.euid,
                    version=golden.version,
                    source_record_ids=sorted(record_ids),
                    related_euids=sorted(self._related[kind, golden_id]),
                    correlation_id=self.actor.correlation_id,
                    recorded_at=self.recorded_at,
                )
            )
