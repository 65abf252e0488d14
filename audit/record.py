"""Write events: one statement for any number of them, inside the transaction of the act itself.

The bulk path writes such rows by itself (`COPY_STATEMENT`, `copy_row`). A trigger notes every event for the sealer.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import psycopg
from django.db import connection

from audit.actions import Action, action
from audit.texts import clean, clean_text, json_text
from audit.uuid7 import uuid7

Send = Callable[[str, str], object]  # takes a statement and its one parameter, `$1`, to the database
Copy = Callable[[str, Sequence[tuple[object, ...]]], object]  # takes a COPY and its rows there
_COPY_FROM = 20  # events from which COPY is cheaper than one INSERT of a JSON document
TEXT_LIMIT = 500  # characters of an indexed text kept as told; PostgreSQL cannot index more than 2,704 bytes


class NotInTransaction(RuntimeError):
    """An event was recorded outside a transaction: it could then stand without its act, or the act without it."""


class Who(Protocol):
    """Whoever acts: what the log copies of the actor that every use case is given."""

    @property
    def kind(self) -> Literal["user", "client", "system"]: ...

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def purpose(self) -> str: ...

    @property
    def network_address(self) -> str | None: ...

    @property
    def correlation_id(self) -> UUID: ...


def fitted(text: str) -> str:
    """A text short enough for an index: the same for the same text, so that a search for it still finds it."""
    text = clean_text(text)
    if len(text) <= TEXT_LIMIT:
        return text
    return f"{text[:TEXT_LIMIT]}~sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def subject_key(subject_type: str, subject_id: str) -> str:
    """How a subject is found again: `golden_record:<EUID>`, `source_record:<system>|<MRN>`, ..."""
    return fitted(f"{subject_type}:{subject_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """All that a use case says of one act. Raises UnknownAction for an action outside the closed list.

    `related` holds the other subjects, as (type, id), that the act touched: both persons of a merge, the source
    record of a link. `before` and `after` hold the changed fields only. `recorded_at` is the transaction's own
    time when it is not given. `source` is the door: web, rest, worker, command, fhir, hl7v2.
    """

    action: Action
    actor_kind: Literal["user", "client", "system"]
    actor_id: str
    actor_name: str
    source: str
    purpose: str = ""
    network_address: str | None = None
    correlation_id: UUID | None = None
    subject_type: str = ""
    subject_id: str = ""
    related: tuple[tuple[str, str], ...] = ()
    outcome: Literal["success", "refused", "failed"] = "success"
    reason_code: str = ""
    reason_text: str = ""
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    message_id: int | None = None
    recorded_at: datetime | None = None
    event_id: UUID = field(default_factory=uuid7)

    def __post_init__(self) -> None:
        object.__setattr__(self, "action", action(self.action))  # a caller outside the type check may give a text

    @property
    def subjects(self) -> list[str]:
        """Keys of the subject and of all related subjects, each once, the subject first."""
        own = [(self.subject_type, self.subject_id)] if self.subject_id else []
        return list(dict.fromkeys([subject_key(*subject) for subject in (*own, *self.related)]))


def entry_by(
    who: Who,
    action: Action,
    *,
    subject: tuple[str, str] = ("", ""),
    related: tuple[tuple[str, str], ...] = (),
    outcome: Literal["success", "refused", "failed"] = "success",
    reason_code: str = "",
    reason_text: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    detail: Mapping[str, object] | None = None,
    message_id: int | None = None,
    recorded_at: datetime | None = None,
    correlation_id: UUID | None = None,
) -> AuditEntry:
    """The entry of an act by `who`, with the actor's own purpose, door, address and correlation id."""
    return AuditEntry(
        action=action,
        actor_kind=who.kind,
        actor_id=who.id,
        actor_name=who.name,
        source=who.source,
        purpose=who.purpose,
        network_address=who.network_address,
        correlation_id=correlation_id or who.correlation_id,
        subject_type=subject[0],
        subject_id=subject[1],
        related=related,
        outcome=outcome,
        reason_code=reason_code,
        reason_text=reason_text,
        before=before,
        after=after,
        detail=detail or {},
        message_id=message_id,
        recorded_at=recorded_at,
    )


_COLUMNS = {
    "event_id": "uuid",
    "recorded_at": "timestamptz",
    "action": "text",
    "outcome": "text",
    "actor_kind": "text",
    "actor_id": "text",
    "actor_name": "text",
    "purpose": "text",
    "correlation_id": "uuid",
    "source": "text",
    "network_address": "text",
    "subject_type": "text",
    "subject_id": "text",
    "subjects": "text[]",
    "reason_code": "text",
    "reason_text": "text",
    "before": "jsonb",
    "after": "jsonb",
    "detail": "jsonb",
    "message_id": "bigint",
    "salt": "bytea",
}
COPY_STATEMENT = f"COPY audit_event ({', '.join(_COLUMNS)}) FROM STDIN"
_INSERT = """
INSERT INTO audit_event ({names})
SELECT {values} FROM jsonb_to_recordset($1::jsonb) AS fresh({typed})
""".format(
    names=", ".join(_COLUMNS),
    values=", ".join("COALESCE(recorded_at, now())" if name == "recorded_at" else name for name in _COLUMNS),
    typed=", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items()),
)


def record(entry: AuditEntry, *, send: Send | None = None) -> UUID:
    """Write one event as `record_many` does, and answer its event id."""
    return record_many((entry,), send=send)[0]


def record_many(
    entries: Iterable[AuditEntry], *, send: Send | None = None, copy: Copy | None = None
) -> tuple[UUID, ...]:
    """Write events in one statement, in their order, and answer their event ids.

    Call inside the transaction of the act, else NotInTransaction. `send` and `copy` are quicker ways than a cursor's.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction("Audit events are written only inside the transaction of the act they speak of.")
    return _write(list(entries), send or _by_cursor, copy or _copy_by_cursor)


def record_reads(entries: Sequence[AuditEntry], *, send: Send) -> None:
    """As `record_many` for acts that change nothing else: outside a transaction the one statement is its own.

    `send` takes the statement and its one parameter to the database, and returns when they are committed: before
    anything that was read leaves the process.
    """
    send(_INSERT, json_text([_document(entry) for entry in entries]))


def _write(entries: Sequence[AuditEntry], send: Send, copy: Copy) -> tuple[UUID, ...]:
    if len(entries) >= _COPY_FROM and all(entry.recorded_at for entry in entries):
        copy(COPY_STATEMENT, [copy_row(entry) for entry in entries])
    elif entries:
        send(_INSERT, json_text([_document(entry) for entry in entries]))
    return tuple(entry.event_id for entry in entries)


def _by_cursor(statement: str, document: str) -> None:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        psycopg.RawCursor(connection.connection).execute(statement, [document])


def _copy_by_cursor(statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def copy_row(entry: AuditEntry, *, recorded_at: datetime | None = None) -> tuple[object, ...]:
    """The values of one event for `COPY_STATEMENT`, in its order; `recorded_at` where the entry has none."""
    values = _values(entry, recorded_at, secrets.token_bytes(32), json_text)
    whole = "".join([value for value in values if isinstance(value, str)])
    is_clean = whole.isascii() and "\x00" not in whole  # nearly always, and told at once
    return values if is_clean else tuple(clean(value) if isinstance(value, str) else value for value in values)


def _document(entry: AuditEntry) -> dict[str, object]:
    """One event by column name; the salt as PostgreSQL's hexadecimal text."""
    salt = f"\\x{secrets.token_hex(32)}"
    return dict(zip(_COLUMNS, _values(entry, None, salt, lambda value: value), strict=True))


def _values(
    entry: AuditEntry, recorded_at: datetime | None, salt: object, written: Callable[[object], object]
) -> tuple[object, ...]:
    """In the order of `_COLUMNS`."""
    return (
        entry.event_id,
        entry.recorded_at or recorded_at,
        entry.action.value,
        entry.outcome,
        entry.actor_kind,
        fitted(entry.actor_id),
        entry.actor_name,
        entry.purpose,
        entry.correlation_id,
        entry.source,
        entry.network_address or "",
        entry.subject_type,
        fitted(entry.subject_id),
        entry.subjects,
        entry.reason_code,
        entry.reason_text,
        None if entry.before is None else written(entry.before),
        None if entry.after is None else written(entry.after),
        written(entry.detail),
        entry.message_id,
        salt,
    )
