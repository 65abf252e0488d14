"""The bytes of an event that the log seals: one rule for the sealer, the verifier and an export read years later.

The leaf is RFC 9162's SHA-256(0x00 || canonical JSON). Canonical JSON: keys sorted by code point, no spaces, UTF-8,
numbers as Python writes them (shortest text that gives the same IEEE double). The row's own number is left out: the
sealed entry ties it to the event id, which is inside. The random salt is inside too, so that nobody can guess a
person's data from the leaf hash that a neighbour's proof shows.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from audit.merkle import leaf_hash

VERSION = 1

EVENT_COLUMNS = (
    "event_id",
    "recorded_at",
    "action",
    "outcome",
    "actor_kind",
    "actor_id",
    "actor_name",
    "purpose",
    "correlation_id",
    "source",
    "network_address",
    "subject_type",
    "subject_id",
    "subjects",
    "reason_code",
    "reason_text",
    "before",
    "after",
    "detail",
    "message_id",
    "salt",
)
_JSON_COLUMNS = frozenset({"before", "after", "detail"})
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


# How a column comes as the text that the document holds: PostgreSQL writes it in a tenth of the time of Python.
_AS_TEXT = dict.fromkeys(("event_id", "correlation_id", *_JSON_COLUMNS), "{}::text") | {
    "recorded_at": """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "salt": "encode({}, 'hex')",
}


def event_select(alias: str) -> str:
    """The columns of `EVENT_COLUMNS`, in order, for a raw SELECT from a table alias, as `event_leaf` reads them."""
    return ", ".join(_AS_TEXT.get(name, "{}").format(f"{alias}.{name}") for name in EVENT_COLUMNS)


def document_of(values: Mapping[str, object]) -> dict[str, object]:
    """The canonical document of an event's values by column name, JSON already read."""
    return {name: _plain(values[name]) for name in EVENT_COLUMNS} | {"v": VERSION}


def canonical_bytes(document: Mapping[str, object]) -> bytes:
    """The document as the bytes that are hashed."""
    return _ENCODER.encode(document).encode()


def document_leaf(document: Mapping[str, object]) -> bytes:
    """The leaf hash of a document, whether from a row or from an export."""
    return leaf_hash(canonical_bytes(document))


def event_leaf(row: Sequence[object]) -> bytes:
    """The leaf hash of a row selected by `event_select`."""
    document = dict(zip(EVENT_COLUMNS, row, strict=True)) | {"v": VERSION}
    for name in _JSON_COLUMNS:
        document[name] = json.loads(str(document[name])) if document[name] is not None else None
    return document_leaf(document)


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds: `2026-01-31T08:05:00.000001Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        return value.hex()
    return value
