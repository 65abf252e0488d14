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

_SETTLED = frozenset({"django_migrations", "django_content_type"})
"""What migrations fill, whatever is in the index."""
_OWN_TIMES = frozenset({"effective_at", "source_time"})
"""Times that a source has told; all others are those of the run."""
_BY_NAME = {
    "record": (
        "source_record_id",
        "record_a_id",
        "record_b_id",
        "supporting_record_id",
        "record_low_id",
        "record_high_id",
        "record_id",
        "source_record_ids",
        "agreeing",
        "record_ids",
    ),
    "golden": (
        "golden_record_id",
        "golden_a_id",
        "golden_b_id",
        "merged_into_id",
        "merged_into",
        "golden_record_ids",
        "person_id",
        "person_ids",
    ),
    "euid": ("euid", "related_euids"),
    "message": ("message_id",),
    "decision": ("decision_id", "decision"),
    "event": ("opened_by_event_id", "ended_by_event_id", "resolved_by_event_id", "undoes_id", "lifted_by_event_id"),
    "link": ("links_opened", "links_ended"),
    "system": ("source_system_id",),
    "authority": ("authority_id",),
    "job": ("job_id",),
}
_KIND = {name: kind for kind, names in _BY_NAME.items() for name in names}
_OWN_KIND = {
    "mpi_source_record": "record",
    "mpi_golden_record": "golden",
    "mpi_link": "link",
    "mpi_potential_match": "match",
    "mpi_decision": "decision",
    "mpi_identity_event": "event",
    "mpi_inbound_message": "message",
}
_OF_RECORDS = frozenset({"record", "golden", "euid", "decision", "event", "link", "match", "record uuid", "match uuid"})
"""Kinds whose names are those of source records."""
_KEYED = {"golden_records": "golden", "potential_matches": "match", "keys": "golden"}
"""Documents whose names are ids."""
_SUBJECTS = {"source_record": "record uuid", "golden_record": "euid", "potential_match": "match uuid"}


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
    names = _Names(tables)
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


Table = tuple[dict[str, str], list[dict[str, Any]]]


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


class _Names:
    """(kind, id) -> the name that the thing has in any database: by source systems, record numbers and lines."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._names: dict[tuple[str, Any], str] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        rows = {name: told for name, (_, told) in tables.items()}
        for row in rows["mpi_source_system"]:
            self._name("system", row["id"], row["code"])
            self._name("authority", row["authority_id"], f"of {row['code']}")
        for row in rows["mpi_job"]:
            self._count("job", row["id"], row["kind"])
            self._name("job uuid", str(row["uuid"]), self.of("job", row["id"]))
        for row in rows["mpi_source_record"]:
            self._name("record", row["id"], f"{self.of('system', row['source_system_id'])}|{row['mrn']}")
            self._name("record uuid", str(row["uuid"]), self.of("record", row["id"]))
        self._links, self._matches = rows["mpi_link"], rows["mpi_potential_match"]
        self._name_persons(rows)
        self._name_acts(rows)

    def _name_persons(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        for row in self._links:
            if row["origin"] == "first":
                self._name("golden", row["golden_record_id"], self.of("record", row["source_record_id"]))
        for row in rows["mpi_golden_record"]:
            self._name("euid", row["euid"], self.of("golden", row["id"]))
        for row in self._links:
            ends = (self.of("record", row["source_record_id"]), self.of("golden", row["golden_record_id"]))
            self._name("link", row["id"], " in ".join(ends))

    def _name_acts(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        for row in sorted(rows["mpi_decision"], key=lambda row: row["id"]):
            self._count("decision", row["id"], self.of("record", row["source_record_id"]))
        for row in rows["mpi_inbound_message"]:
            self._name("message", row["id"], f"line {row['line']}")
            self._name("message uuid", str(row["uuid"]), f"line {row['line']}")
        for row in sorted(self._matches, key=lambda row: row["id"]):
            ends = sorted(self.of("record", row[name]) for name in ("record_a_id", "record_b_id"))
            self._count("match", row["id"], " and ".join(ends))
            self._name("match uuid", str(row["uuid"]), self.of("match", row["id"]))
        opened = {row["opened_by_event_id"]: row for row in self._links if row["origin"] in ("first", "engine")}
        for row in sorted(rows["mpi_identity_event"], key=lambda row: row["id"]):
            link = opened.get(row["id"])
            between = " and ".join(sorted(self.of("golden", pk) for pk in row["golden_record_ids"]))
            self._count("event", row["id"], self.of("record", link["source_record_id"]) if link else between)

    def _name(self, kind: str, key: object, name: str) -> None:
        self._names[kind, key] = name

    def _count(self, kind: str, key: object, name: str) -> None:
        self._counts[kind, name] += 1
        self._names[kind, key] = f"{name} #{self._counts[kind, name]}"

    def of(self, kind: str, key: object) -> str:
        """The name, or "another <kind>" of a thing that the database does not hold."""
        return self._names.get((kind, key), f"another {kind}")

    def persons(self) -> frozenset[frozenset[str]]:
        """Source records by their open link."""
        members: dict[int, set[str]] = {}
        for row in self._links:
            if row["ended_at"] is None:
                members.setdefault(row["golden_record_id"], set()).add(self.of("record", row["source_record_id"]))
        return frozenset(map(frozenset, members.values()))

    def asked(self) -> frozenset[frozenset[str]]:
        """Pairs of records between which a question was asked."""
        ends = ("record_a_id", "record_b_id")
        return frozenset(frozenset(self.of("record", row[name]) for name in ends) for row in self._matches)


@dataclass(slots=True)
class _Telling:
    """One row being told."""

    names: _Names
    mentions: set[str] = field(default_factory=set)

    def name(self, kind: str, key: object) -> object:
        """An id, or a list of them, by name."""
        if key is None or isinstance(key, bool):
            return key
        if isinstance(key, list):
            return sorted(str(self.name(kind, one)) for one in key)
        told = self.names.of(kind, key)
        if kind in _OF_RECORDS:
            self.mentions.update(re.split(r" in | and | #\d+", told))
        return told

    def document(self, value: object) -> object:
        """A JSON document with its ids by name."""
        if isinstance(value, list):
            return [self.document(part) for part in value]
        if not isinstance(value, dict):
            return value
        told: dict[str, object] = {}
        for name, part in value.items():
            if name in _KEYED and isinstance(part, dict):
                told[name] = {str(self.name(_KEYED[name], int(key))): self.document(one) for key, one in part.items()}
            elif name in _KIND and isinstance(part, int | str | list):
                told[name] = self.name(_KIND[name], part)
            else:
                told[name] = self.document(part)
        return told

    def subject(self, subject: str) -> str:
        """A subject of an audit event, told as `kind:identity`."""
        kind, _, identity = subject.partition(":")
        return f"{kind}:{self.name(_SUBJECTS.get(kind, f'{kind} uuid'), identity)}"


def _row(table: str, row: dict[str, Any], types: Mapping[str, str], names: _Names) -> Row:
    telling = _Telling(names)
    told = {name: _value(table, name, row, types[name], telling) for name in row}
    text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=repr).decode()
    return Row(text, frozenset(telling.mentions))


def _value(table: str, name: str, row: dict[str, Any], kind: str, telling: _Telling) -> object:
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
    if name in _KIND:
        return telling.name(_KIND[name], value)
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


def _decrypted(column: str, field_name: str, record: str = "uuid") -> Callable[[dict[str, Any], _Telling], object]:
    return lambda row, _: vault.decrypt(row[column], field=field_name, record=str(row[record])).decode()


def _told(row: dict[str, Any], telling: _Telling) -> object:
    """Ciphertexts inside what a record told."""
    document = orjson.loads(row["told"]) if isinstance(row["told"], str) else row["told"]
    for part in document["identifiers"]:
        if vault.is_encrypted(part["value"]):
            part["value"] = vault.decrypt_text(part["value"], field="identifier", record=str(row["uuid"]))
    return document


def _golden_values(row: dict[str, Any], telling: _Telling) -> object:
    values = orjson.loads(row["values"]) if isinstance(row["values"], str) else row["values"]
    if "ssn" in values:
        values["ssn"] = vault.decrypt_text(values["ssn"], field="golden-ssn", record=row["euid"])
    return values


def _evidence(row: dict[str, Any], telling: _Telling) -> object:
    return telling.document(decision_evidence(Decision(uuid=row["uuid"], evidence=row["evidence"])))


_SPECIAL: dict[tuple[str, str], Callable[[dict[str, Any], _Telling], object]] = {
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
