"""Random messages: new records, changed ones, another person's under a known number, deletions, batches, repeats."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from mpi.commands import Actor
from mpi.mapping import record_from_flat
from mpi.models import SourceRecord
from mpi.services.delete import delete_record
from mpi.services.ingest import ingest
from mpi.services.receive import Draft, flat_payload, receive_many
from mpi.services.sweep import sweep_inbox
from mpi.services.upsert import upsert_record

Row = dict[str, str]
_BATCH = 12


@dataclass(slots=True)
class Messages:
    """The messages of one worker. Each returns the control ids that were acknowledged, None if there was nothing to do.

    rows   the population; `control_id` names the message: whoever is told to send it again sends the same one
    """

    rows: Sequence[Row]
    chance: random.Random
    actor: Actor
    control_id: str = ""
    _said: Row | None = None

    def create(self) -> list[str] | None:
        """A record as its system first tells it, or tells it again unchanged."""
        return self._send(self.chance.choice(self.rows))

    def update(self) -> list[str] | None:
        """A record with a new address, telephone or surname."""
        row, other = self._known_row(), self.chance.choice(self.rows)
        if row is None:
            return None
        changed = self.chance.choice((("phone",), ("street", "city", "state", "postal_code"), ("family_name", "email")))
        return self._send({**row, **{name: other[name] for name in changed}})

    def overlay(self) -> list[str] | None:
        """Another person under a known number."""
        row, other = self._known_row(), self.chance.choice(self.rows)
        if row is None:
            return None
        return self._send({**other, "source_system": row["source_system"], "mrn": row["mrn"]})

    def delete(self) -> list[str] | None:
        """A system takes a record back."""
        row = self._said = self._said or self._known_row()
        if row is None:
            return None
        system, mrn = row["source_system"], row["mrn"]
        delete_record(system=system, mrn=mrn, reason="", actor=self.actor, idempotency_key=self.control_id)
        return [self.control_id]

    def batch(self) -> list[str] | None:
        """Lines of a file, received and applied together."""
        rows = self.chance.sample(self.rows, _BATCH)
        ids = [f"{self.control_id}-{place}" for place in range(_BATCH)]
        drafts = [
            Draft("rest", flat_payload(row), row["source_system"], row["mrn"], control_id)
            for row, control_id in zip(rows, ids, strict=True)
        ]
        receipts = receive_many(drafts, actor=self.actor)
        ingest(message_ids=[receipt.message_id for receipt in receipts])
        return ids

    def sweep(self) -> list[str] | None:
        """What others left behind."""
        sweep_inbox(older_than_s=0, seconds=1)
        return []

    def _send(self, row: Row) -> list[str]:
        self._said = self._said or row
        mapped = record_from_flat(self._said)
        later = self.chance.random() < 0.1
        upsert_record(
            record=mapped.record,
            source_time=None,
            actor=self.actor,
            idempotency_key=self.control_id,
            respond_async=later,
        )
        return [self.control_id]

    def _known_row(self) -> Row | None:
        """What the population says of a record that the index has."""
        known = SourceRecord.objects.values_list("source_system__code", "mrn").order_by("id")
        if not (count := known.count()):
            return None
        wanted = known[self.chance.randrange(count)]
        return next((row for row in self.rows if (row["source_system"], row["mrn"]) == wanted), None)
