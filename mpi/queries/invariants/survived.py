"""What golden records say: their values, provenance and search columns, made anew from their members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from matching.records import patient_record_from_document
from matching.survivorship import (
    DEFAULT_RULES,
    FieldValue,
    Member,
    Override,
    SurvivorshipRules,
    member_values,
    survive,
)
from mpi import codec, vault
from mpi.queries.invariants.finding import Invariant, Looked, Tally, chunks, rows_of

_GOLDEN = (
    'SELECT id, euid, status, "values", provenance, family_name, given_name, birth_date, recorded_at '
    "FROM mpi_golden_record"
)
_MEMBERS = """
SELECT l.golden_record_id, r.id, r.uuid, r.mrn, s.code, s.rank, r.told, r.standard, r.ssn_cipher, r.ssn_index,
  coalesce(r.effective_at, r.recorded_at)
FROM mpi_link l JOIN mpi_source_record r ON r.id = l.source_record_id JOIN mpi_source_system s
  ON s.id = r.source_system_id
WHERE l.ended_at IS NULL AND l.golden_record_id = ANY(%s::bigint[])
"""
_OVERRIDES = """
SELECT g.id, g.euid, o.field, o.value, o.reason, o.actor_id, o.expires_at FROM mpi_golden_override o
JOIN mpi_golden_record g ON g.id = o.golden_record_id
WHERE o.ended_at IS NULL AND o.golden_record_id = ANY(%s::bigint[]) ORDER BY o.id
"""
_RULES = "SELECT document FROM mpi_survivorship_version"
_LIVE = ("provisional", "confirmed")


def _look(examples: int) -> Looked:
    tally = Tally(examples)
    rules = _rules()
    for rows in chunks(_GOLDEN):
        live = [row[0] for row in rows if row[2] in _LIVE]
        members, overrides = _members(rows_of(_MEMBERS, live)), _overrides(rows_of(_OVERRIDES, live))
        for row in rows:
            tally.rows += 1
            if own := members[row[0]]:
                for words in _faults(row, own, overrides[row[0]], rules):
                    tally.add(words, f"golden record {row[1]}")
    return tally.looked()


def _members(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[Member]]:
    found: dict[int, list[Member]] = defaultdict(list)
    for golden_id, pk, uuid, mrn, code, rank, told, standard, cipher, index, moment in rows:
        record = codec.standard_from_document(orjson.loads(standard), codec.decrypt_ssn(cipher, uuid))
        patient = patient_record_from_document(orjson.loads(told))
        values = member_values(patient, record)
        values.pop("ssn", None)
        if record.ssn and index:
            values["ssn"] = FieldValue(value=record.ssn, key=bytes(index).hex())
        checked = frozenset(patient.verified.split())
        found[golden_id].append(Member(pk, code, mrn, rank, moment.astimezone(UTC).isoformat(), values, checked))
    return found


def _overrides(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[datetime | None, Override]]]:
    found: dict[int, list[tuple[datetime | None, Override]]] = defaultdict(list)
    for golden_id, euid, name, told, reason, by, until in rows:
        ends = until.astimezone(UTC).isoformat() if until else ""
        value = orjson.loads(told)
        if name == "ssn":
            value = vault.decrypt_text(value, field="golden-override", record=euid)
        found[golden_id].append((until, Override(name, value, reason, by, ends)))
    return found


def _rules() -> dict[str, SurvivorshipRules]:
    """Every version of the rules by its name: golden records name the one that made them."""
    known = {DEFAULT_RULES.version: DEFAULT_RULES}
    for rows in chunks(_RULES):
        for (document,) in rows:
            rules = SurvivorshipRules.from_document(orjson.loads(document))
            known[rules.version] = rules
    return known


def _faults(
    row: tuple[Any, ...],
    members: list[Member],
    overrides: list[tuple[datetime | None, Override]],
    rules: Mapping[str, SurvivorshipRules],
) -> Iterable[str]:
    """What is stored and not what the members make. An override counts that was in force at the last change."""
    _, euid, _, values, told, family_name, given_name, birth_date, recorded_at = row
    provenance = orjson.loads(told)
    version = provenance.pop("rules", DEFAULT_RULES.version)
    if version not in rules:
        yield "made by rules that do not exist"
        return
    chosen = rules[version]
    members = [replace(one, rank=chosen.rank_of(one.source_system, one.rank)) for one in members]
    in_force = [override for until, override in overrides if until is None or until > recorded_at]
    survived = survive(members, chosen, in_force)
    due = orjson.loads(orjson.dumps({"values": survived.values, "provenance": survived.provenance}))
    _hide_number(due)
    shown = orjson.loads(values)
    if "ssn" in shown:
        shown["ssn"] = vault.decrypt_text(shown["ssn"], field="golden-ssn", record=euid)
    if shown != due["values"]:
        yield "values are not those that its members make"
    if provenance != due["provenance"]:
        yield "provenance is not that of its members"
    if (family_name, given_name, birth_date) != _search_columns(due["values"]):
        yield "search columns are not its values"


def _hide_number(due: dict[str, Any]) -> None:
    """The provenance of an SSN holds its blind index, and no number that has lost or was set."""
    if "ssn" in due["values"]:
        source = due["provenance"]["ssn"]
        losing = [{"record_ids": told["record_ids"]} for told in source["losing"]]
        index = vault.blind_index("ssn", due["values"]["ssn"]).hex()
        override = source["override"] and {name: told for name, told in source["override"].items() if name != "value"}
        due["provenance"]["ssn"] = {**source, "losing": losing, "override": override, "index": index}


def _search_columns(values: Mapping[str, Any]) -> tuple[str, str, str]:
    names = (codec.search_name(str(values.get(name, ""))) for name in ("family_name", "given_name"))
    return (*names, str(values.get("birth_date", ""))[:10])  # type: ignore[return-value]  # two names and a date


SURVIVED: Final = (
    Invariant(
        "golden-values",
        "Every live golden record has the values, provenance and search columns that its members and overrides make.",
        "mpi_golden_record",
        _look,
    ),
)
