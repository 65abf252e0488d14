"""What the things of an index are called in any database, and rows and documents told by those names.

Source records are named by their system and number, messages by their line; whatever else there is by the records
that it speaks of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
KIND = {name: kind for kind, names in _BY_NAME.items() for name in names}
_OF_RECORDS = frozenset({"record", "golden", "euid", "decision", "event", "link", "match", "record uuid", "match uuid"})
"""Kinds whose names are those of source records."""
_KEYED = {"golden_records": "golden", "potential_matches": "match", "keys": "golden"}
"""Documents whose names are ids."""
_SUBJECTS = {"source_record": "record uuid", "golden_record": "euid", "potential_match": "match uuid"}

Table = tuple[dict[str, str], list[dict[str, Any]]]
"""Types by column, and the rows."""


class Names:
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
class Telling:
    """One row being told."""

    names: Names
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
            elif name in KIND and isinstance(part, int | str | list):
                told[name] = self.name(KIND[name], part)
            else:
                told[name] = self.document(part)
        return told

    def subject(self, subject: str) -> str:
        """A subject of an audit event, told as `kind:identity`."""
        kind, _, identity = subject.partition(":")
        return f"{kind}:{self.name(_SUBJECTS.get(kind, f'{kind} uuid'), identity)}"
