"""What all rows of one bulk load share: keys, settings, and the moment of each of its batches.

The rows of a load are those that an ordinary import would have written, batch after batch of `batch_size` lines.
Each batch has a moment of its own, a microsecond after the one before: versions of one golden record keep their
order, and of two records without a time of their own the later one is the more recent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from matching.survivorship import SurvivorshipRules
from mpi.models import SourceSystem


@dataclass(frozen=True, slots=True)
class Frame:
    """What the processes of a load know of it. `first_*` are the keys of line number 0; the rest follow on.

    `header` are the columns of a CSV file, () for NDJSON. `recorded_at` is the moment of the first batch.
    """

    model_id: int
    model_document: dict[str, Any] = field(repr=False)
    settings_hash: str
    systems: dict[str, SourceSystem] = field(repr=False)
    header: tuple[str, ...]
    job_id: int
    sender_id: str
    correlation_id: UUID
    recorded_at: datetime
    batch_size: int
    rules: SurvivorshipRules
    first_message: int = 0
    first_record: int = 0
    first_golden: int = 0
    first_link: int = 0
    first_decision: int = 0
    first_event: int = 0

    @property
    def channel(self) -> str:
        """How the messages of the file came."""
        return "csv" if self.header else "ndjson"

    def moment(self, batch: int) -> datetime:
        """When the batch is recorded."""
        return self.recorded_at + timedelta(microseconds=batch)
