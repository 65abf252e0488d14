"""What the two halves of a bulk load share: its processes and its frame, and what it does about the tables it fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import models

from matching.model import LinkageModel
from mpi.models import (
    BlockingKey,
    Decision,
    GoldenRecord,
    Identifier,
    IdentityEvent,
    InboundMessage,
    Link,
    OutboxEvent,
    PotentialMatch,
    SourceRecord,
)
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_history import latest_versions
from mpi.services.bulk_pool import Pool
from mpi.services.bulk_schema import Removed
from mpi.services.bulk_writer import Statement
from mpi.services.rows import is_tracked


def _tables(written: Iterable[type[models.Model]]) -> list[str]:
    """The tables of these models and of their history."""
    tracked = [model.history.model for model in written if is_tracked(model)]  # type: ignore[attr-defined]
    return [model._meta.db_table for model in (*written, *tracked)]


READ_TABLES = _tables((InboundMessage, SourceRecord, Identifier, BlockingKey))
"""Written while the file is read; with their indexes and history while its records are paired and scored."""
SETTLED_TABLES = [
    *_tables((GoldenRecord, IdentityEvent, Decision, Link, PotentialMatch, OutboxEvent)),
    "audit_event",
    "audit_pending_event",
]
"""Written while records become persons."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the two halves of a load share."""

    pool: Pool
    frame: Frame
    model: LinkageModel
    removed: Removed | None

    def history(self, model: type[models.Model], first: int) -> Statement:
        """The latest versions of the load's rows, of key `first` and higher."""
        return latest_versions(model, self.frame, first=first)

    def indexes(self, tables: Sequence[str]) -> list[Statement]:
        """What builds the indexes of these tables again; nothing if they were left in place."""
        return self.removed.indexes_of(tables) if self.removed else []

    def foreign_keys(self) -> list[Statement]:
        """The same for all foreign keys."""
        return self.removed.check_foreign_keys() if self.removed else []
