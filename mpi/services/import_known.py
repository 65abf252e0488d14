"""What of an import needs no message, because it was told before: in this file, by this file, or to the index."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from mpi.mapping import Mapped
from mpi.models import InboundMessage, Job, MessageOutcome, MessageState, RecordState, SourceRecord, SourceSystem
from mpi.services.active_model import ActiveModel
from mpi.services.import_lines import Line
from mpi.services.receive import flat_payload, order_key, record_hash

_TAKEN = (MessageState.RECEIVED, MessageState.APPLIED, MessageState.QUEUED)
_DIGEST_BITS = 64


@dataclass(slots=True)
class Known:
    """What was told before. `lines` are those of this file that an earlier import of it has taken.

    `_last` holds, by source record, the last line of this file that spoke of it: its number and digest in one int.
    """

    systems: dict[str, SourceSystem]
    active: ActiveModel
    lines: frozenset[int]
    _last: dict[int, int] = field(default_factory=dict)

    def repeated(self, line: Line, mapped: Mapped) -> int | None:
        """The number of the line that this one repeats word for word, or None.

        Only the line before it of the same record counts: after another one it is a change back.
        """
        key = _key(mapped)
        digest = int.from_bytes(hashlib.blake2b(flat_payload(line.row), digest_size=_DIGEST_BITS // 8).digest(), "big")
        before = self._last.get(key)
        if before is not None and before & ((1 << _DIGEST_BITS) - 1) == digest:
            return before >> _DIGEST_BITS
        self._last[key] = line.number << _DIGEST_BITS | digest
        return None

    def fresh(self, usable: Sequence[tuple[Line, Mapped]]) -> list[tuple[Line, Mapped]]:
        """Without the lines that the index knows already, under the same settings. Cost: two queries."""
        told = [(line, mapped) for line, mapped in usable if line.number not in self.lines]
        stored = self._stored([mapped for _, mapped in told])
        moving = _moving(stored)
        found = []
        for line, mapped in told:
            key = _key(mapped)
            record = stored.get(key)
            if key in moving or record is None or not self._says(record, mapped):
                moving.add(key)  # lines after it of the same record are changes to it
                found.append((line, mapped))
        return found

    def _says(self, record: SourceRecord, mapped: Mapped) -> bool:
        """Whether the record says just this already, and as recently."""
        if record.state != RecordState.ACTIVE or record.settings_hash != self.active.settings_hash:
            return False
        moment = mapped.source_time
        is_newer = moment is not None and (record.effective_at is None or moment > record.effective_at)
        return not is_newer and bytes(record.payload_hash) == record_hash(mapped.record)

    def _stored(self, told: Sequence[Mapped]) -> dict[int, SourceRecord]:
        numbers: dict[int, list[str]] = {}
        for mapped in told:
            numbers.setdefault(self.systems[mapped.record.source_system].pk, []).append(mapped.record.mrn)
        wanted = Q(pk__in=[])
        for system_id, mrns in numbers.items():
            wanted |= Q(source_system_id=system_id, mrn__in=mrns)
        codes = {system.pk: system.code for system in self.systems.values()}
        names = ("source_system_id", "mrn", "state", "settings_hash", "payload_hash", "effective_at")
        rows = SourceRecord.objects.filter(wanted).only(*names)
        return {order_key(codes[row.source_system_id], row.mrn): row for row in rows}


def known_before(job: Job, systems: dict[str, SourceSystem], active: ActiveModel) -> Known:
    """What the index knows when an import begins. Lines that an earlier import of the same file, under the same
    settings, has taken are not told again: they took effect, or will, once."""
    earlier = Job.objects.filter(file_hash=job.file_hash, settings_hash=job.settings_hash).exclude(pk=job.pk)
    taken = InboundMessage.objects.filter(
        Q(state__in=_TAKEN) | Q(outcome=MessageOutcome.QUARANTINED), job__in=earlier, line__isnull=False
    )
    lines = taken.values_list("line", flat=True).iterator(chunk_size=10_000)
    return Known(systems, active, frozenset(line for line in lines if line is not None))


def _key(mapped: Mapped) -> int:
    return order_key(mapped.record.source_system, mapped.record.mrn)


def _moving(stored: dict[int, SourceRecord]) -> set[int]:
    """Records of which a message still waits: what they say now is not what they will say."""
    waiting = InboundMessage.objects.filter(
        order_key__in=list(stored), state__in=(MessageState.RECEIVED, MessageState.QUEUED)
    )
    return set(waiting.values_list("order_key", flat=True)) if stored else set()
