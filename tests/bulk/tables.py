"""Every table of the database as comparable rows: ids, times and chance aside, the same facts in any order.

There is no list of tables: all that the database holds are read. Columns are told by their type and name; what no
rule speaks of is compared as it stands, so that a new table or column cannot be forgotten.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection

from mpi import vault
from mpi.codec import decision_evidence
from mpi.models import Decision
from tests.bulk.names import KIND, Names, Table, Telling

_SETTLED = frozenset({"django_migrations", "django_content_type"})
"""What migrations fill, whatever is in the index."""
_OWN_TIMES = frozenset({"effective_at", "source_time"})
"""Times that a source has told; all others are those of the run."""
_OWN_KIND = {
    "mpi_source_record": "record",
    "mpi_golden_record": "golden",
    "mpi_link": "link",
    "mpi_potential_match": "match",
    "mpi_decision": "decision",
    "mpi_identity_event": "event",
    "mpi_inbound_message": "message",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and the source records it speaks of."""

    text: str
    mentions: frozenset[str] = field(compare=False)


@dataclass(slots=True)
class Snapshot:
    """All rows by table, the persons, and which persons a question stands or stood between."""

    tables: dict[str, Counter[Row]]
    persons: frozenset[frozenset[str]]
    asked: frozenset[frozenset[str]]


def snapshot() -> Snapshot:
    """The database as it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', 'none', false)")
        tables = {name: _read(cursor, name) for name in connection.introspection.table_names(cursor)}
        cursor.execute("RESET ROLE")
    names = Names(tables)
    told = {
        name: Counter(_row(name, row, types, names) for row in rows)
        for name, (types, rows) in tables.items()
        if name not in _SETTLED
    }
    return Snapshot(told, names.persons(), names.asked())


@dataclass(frozen=True, slots=True)
class Difference:
    """`moved` is the share of records whose person is another one; `rows` differ where all persons are the same.

    `aside` is the share of records that were not compared: of those persons, and of persons they were asked about.
    """

    moved: float
    aside: float
    rows: dict[str, tuple[list[str], list[str]]]


def difference(one: Snapshot, other: Snapshot) -> Difference:
    """What stands in one database only, by table, besides rows about persons that differ or that border on such."""
    records = set().union(*one.persons)
    same = one.persons & other.persons
    moved = records - set().union(*same) if same else records
    tainted = set(moved)
    for pair in one.asked | other.asked:
        if pair & moved:
            tainted |= pair
    tainted |= {name for person in same if person & tainted for name in person}
    rows = {}
    for table in one.tables.keys() | other.tables.keys():
        mine, theirs = one.tables.get(table, Counter()), other.tables.get(table, Counter())
        if moved and not any(row.mentions for row in (*mine, *theirs)):
            mine, theirs = Counter(set(mine)), Counter(set(theirs))  # their number differs with the persons
        left = [row.text for row in (mine - theirs).elements() if not row.mentions & tainted]
        right = [row.text for row in (theirs - mine).elements() if not row.mentions & tainted]
        if left or right:
            rows[table] = (sorted(left), sorted(right))
    return Difference(len(moved) / max(len(records), 1), len(tainted) / max(len(records), 1), rows)


def _read(cursor: Any, table: str) -> Table:
    cursor.execute(
        "SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped",
        [table],
    )
    types = dict(cursor.fetchall())
    cursor.execute(f'SELECT * FROM "{table}"')
    columns = [column.name for column in cursor.description]
    return types, [{name: _plain(value) for name, value in zip(columns, row, strict=True)} for row in cursor.fetchall()]


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def _row(table: str, row: dict[str, Any], types: Mapping[str, str], names: Names) -> Row:
    telling = Telling(names)
    told = {name: _value(table, name, row, types[name], telling) for name in row}
    text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=repr).decode()
    return Row(text, frozenset(telling.mentions))


def _value(table: str, name: str, row: dict[str, Any], kind: str, telling: Telling) -> object:
    """One column as it is compared."""
    value = row[name]
    own = _OWN_KIND.get(_tracked(table), "")
    if value is None:
        return None
    if name == "id" or name == f"{own}_id":
        return telling.name(own, value) if own else None
    if special := _SPECIAL.get((_tracked(table), name)):
        return special(row, telling)
    if kind.startswith("timestamp") and name not in _OWN_TIMES:
        return "a time"
    if (
        kind == "uuid"
        or name in {"history_id", "salt", "seq", "event_id", "event"}
        or (table.startswith("audit_") and own)
    ):
        return "any"
    if name in KIND:
        return telling.name(KIND[name], value)
    if kind == "jsonb":
        return telling.document(orjson.loads(value) if isinstance(value, str) else value)
    return value.hex() if isinstance(value, bytes) else value


def _tracked(table: str) -> str:
    """The table whose versions a history table holds; itself for any other."""
    found = re.fullmatch(r"mpi_historical(\w+)", table)
    return _HISTORIES.get(found[1], table) if found else table


_HISTORIES = {
    "sourcerecord": "mpi_source_record",
    "goldenrecord": "mpi_golden_record",
    "link": "mpi_link",
    "potentialmatch": "mpi_potential_match",
}


def _decrypted(column: str, field_name: str, record: str = "uuid") -> Callable[[dict[str, Any], Telling], object]:
    return lambda row, _: vault.decrypt(row[column], field=field_name, record=str(row[record])).decode()


def _told(row: dict[str, Any], telling: Telling) -> object:
    """Ciphertexts inside what a record told."""
    document = orjson.loads(row["told"]) if isinstance(row["told"], str) else row["told"]
    for part in document["identifiers"]:
        if vault.is_encrypted(part["value"]):
            part["value"] = vault.decrypt_text(part["value"], field="identifier", record=str(row["uuid"]))
    return document


def _golden_values(row: dict[str, Any], telling: Telling) -> object:
    values = orjson.loads(row["values"]) if isinstance(row["values"], str) else row["values"]
    if "ssn" in values:
        values["ssn"] = vault.decrypt_text(values["ssn"], field="golden-ssn", record=row["euid"])
    return values


def _evidence(row: dict[str, Any], telling: Telling) -> object:
    return telling.document(decision_evidence(Decision(uuid=row["uuid"], evidence=row["evidence"])))


_SPECIAL: dict[tuple[str, str], Callable[[dict[str, Any], Telling], object]] = {
    ("mpi_inbound_message", "payload"): _decrypted("payload", "message"),
    ("mpi_source_record", "ssn_cipher"): _decrypted("ssn_cipher", "ssn"),
    ("mpi_source_record", "told"): _told,
    ("mpi_golden_record", "values"): _golden_values,
    ("mpi_decision", "evidence"): _evidence,
    ("mpi_job", "error"): lambda row, _: row["error"],
    ("audit_event", "subject_id"): lambda row, telling: telling.subject(f"{row['subject_type']}:{row['subject_id']}"),
    ("audit_event", "subjects"): lambda row, telling: [telling.subject(subject) for subject in row["subjects"]],
}


_SHOWN = 400
"""Characters of a row that a report shows."""


def shown(found: Difference, most: int = 3) -> str:
    """The difference in words, for a report."""
    lines = [f"{found.moved:.4%} of the records have another person; {found.aside:.4%} were not compared."]
    for table, (left, right) in sorted(found.rows.items()):
        lines.append(f"{table}: {len(left)} rows only in the first, {len(right)} only in the second")
        lines += [f"  < {row[:_SHOWN]}" for row in left[:most]] + [f"  > {row[:_SHOWN]}" for row in right[:most]]
    return "\n".join(lines)
