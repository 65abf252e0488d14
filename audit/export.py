"""Exports of the log: CSV for people, NDJSON that proves itself offline (see `verify_export`).

Both are streams, read in small keyset chunks: no transaction is held open while a slow reader takes them. Whoever
starts one records `export.audit` first, in a transaction of its own.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from audit.canonical import EVENT_COLUMNS, document_of, instant
from audit.models import AuditEvent, SealedEntry
from audit.queries import AuditFilter, LoggedEvent, last_checkpoint, logged, matching
from audit.tree import inclusion_proofs

FORMAT = "audit-export/1"
_CHUNK = 500
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")

CSV_COLUMNS = (
    "seq",
    "event_id",
    "recorded_at",
    "action",
    "words",
    "outcome",
    "actor_kind",
    "actor_id",
    "actor_name",
    "purpose",
    "source",
    "network_address",
    "correlation_id",
    "message_id",
    "subject_type",
    "subject_id",
    "subjects",
    "reason_code",
    "reason_text",
    "before",
    "after",
    "detail",
)


class _Echo:
    """A file that hands each written line back to the stream."""

    def write(self, text: str) -> str:
        return text


def csv_lines(wanted: AuditFilter) -> Iterator[str]:
    """The events of a filter as CSV, oldest first, a line at a time; sealed or not.

    No cell can be taken for a formula by a spreadsheet: one that starts like one gets an apostrophe in front.
    """
    writer = csv.writer(_Echo())
    yield writer.writerow(CSV_COLUMNS)
    for chunk in _oldest_first(wanted):
        for entry in chunk:
            yield writer.writerow(_csv_cells(entry))


def ndjson_lines(wanted: AuditFilter) -> Iterator[str]:
    """The sealed events of a filter as NDJSON in the order of the log: a header, one line an event, an end line.

    The header holds the newest checkpoint. Each event line holds the place, the leaf and the canonical event with
    its salt; and, when the export is not the whole log, the inclusion proof under that checkpoint (RFC 9162). Events
    that were not sealed by then are left out: they cannot be proven yet.
    """
    checkpoint = last_checkpoint()
    size = checkpoint.size if checkpoint else 0
    complete = wanted.is_empty
    yield _line(
        {
            "kind": "header",
            "format": FORMAT,
            "exported_at": instant(timezone.now()),
            "complete": complete,
            "filter": {name: _told(value) for name, value in asdict(wanted).items() if value not in (None, ())},
            "checkpoint": checkpoint.note if checkpoint else None,
        }
    )
    count = 0
    for entries in _sealed_chunks(wanted, size):
        events = AuditEvent.objects.in_bulk([entry.event for entry in entries])
        proofs = None if complete else inclusion_proofs([entry.seq for entry in entries], size)
        for index, entry in enumerate(entries):
            count += 1
            yield _line(_event_line(entry, events.get(entry.event), proofs[index] if proofs else None))
    yield _line({"kind": "end", "events": count})


def _oldest_first(wanted: AuditFilter) -> Iterator[tuple[LoggedEvent, ...]]:
    """Chunks by (recorded_at, id), ascending, up to what was recorded when the export began."""
    found = matching(wanted).filter(recorded_at__lte=timezone.now()).order_by("recorded_at", "id")
    after: tuple[datetime, int] | None = None
    while True:
        rest = found
        if after:
            moment, row = after
            rest = found.filter(Q(recorded_at__gt=moment) | Q(recorded_at=moment, id__gt=row), recorded_at__gte=moment)
        events = list(rest[:_CHUNK])
        if not events:
            return
        yield logged(events)
        after = (events[-1].recorded_at, events[-1].pk)


def _sealed_chunks(wanted: AuditFilter, size: int) -> Iterator[list[SealedEntry]]:
    found = SealedEntry.objects.filter(seq__lt=size).order_by("seq")
    if not wanted.is_empty:
        found = found.filter(event__in=matching(wanted).values("id"))
    last = -1
    while entries := list(found.filter(seq__gt=last)[:_CHUNK]):
        yield entries
        last = entries[-1].seq


def _event_line(entry: SealedEntry, event: AuditEvent | None, proof: Sequence[bytes] | None) -> dict[str, object]:
    line: dict[str, object] = {
        "kind": "event",
        "seq": entry.seq,
        "event_id": str(entry.event_uuid),
        "leaf": bytes(entry.leaf).hex(),
        "event": _document(event) if event else None,  # None: the row was removed, and the export says so
    }
    if proof is not None:
        line["proof"] = [step.hex() for step in proof]
    return line


def _document(event: AuditEvent) -> dict[str, object]:
    return document_of({name: getattr(event, name) for name in EVENT_COLUMNS})


def _csv_cells(entry: LoggedEvent) -> list[str]:
    document = _document(entry.event) | {"seq": entry.seq, "words": entry.words}
    document["subjects"] = " ".join(entry.event.subjects)
    return [_safe(_cell(document[name])) for name in CSV_COLUMNS]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _safe(cell: str) -> str:
    """OWASP CSV injection: an apostrophe in front keeps a spreadsheet from running the cell."""
    return f"'{cell}" if cell.startswith(_FORMULA_START) else cell


def _told(value: object) -> object:
    """A filter's value for the header."""
    if isinstance(value, datetime):
        return instant(value)
    return str(value) if isinstance(value, UUID) else value


def _line(document: dict[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
