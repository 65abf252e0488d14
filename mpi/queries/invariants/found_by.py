"""By what a source record is found: its blocking keys and its identifiers, made anew from what is stored of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from matching.blocking import blocking_keys
from matching.records import SSN_AUTHORITY
from mpi import codec, vault
from mpi.queries.invariants.finding import Invariant, Looked, Tally, chunks, rows_of

_RECORDS = "SELECT id, uuid, state, standard, ssn_cipher FROM mpi_source_record"
_KEYS = "SELECT source_record_id, key FROM mpi_blocking_key WHERE source_record_id = ANY(%s::bigint[])"
_IDENTIFIERS = (
    "SELECT source_record_id, authority, type, value, value_index FROM mpi_identifier "
    "WHERE source_record_id = ANY(%s::bigint[])"
)
_STRAYS = (
    "SELECT count(*) FROM mpi_blocking_key k LEFT JOIN mpi_source_record r ON r.id = k.source_record_id "
    "WHERE r.id IS NULL"
)
_SEARCHED = ("active", "quarantined")


def _look_at_keys(examples: int) -> Looked:
    tally = Tally(examples)
    for rows in chunks(_RECORDS):
        stored = _by_record(rows_of(_KEYS, (row[0] for row in rows)))
        for pk, uuid, state, standard, cipher in rows:
            tally.rows += 1
            there = {key for (key,) in stored[pk]}
            due = _keys_due(uuid, standard, cipher) if state in _SEARCHED else set()
            if due - there:
                tally.add("a blocking key is missing", f"source record {uuid}")
            if there - due:
                tally.add("a blocking key is there that its record does not make", f"source record {uuid}")
    (((strays,),),) = chunks(_STRAYS)
    if strays:
        tally.add("blocking keys of no source record", f"{strays} keys")
    return tally.looked()


def _keys_due(uuid: object, standard: str, cipher: bytes | None) -> set[int]:
    record = codec.standard_from_document(orjson.loads(standard), codec.decrypt_ssn(cipher, uuid))
    return {vault.blocking_hash(key.rule, key.value) for key in blocking_keys(record)}


def _look_at_identifiers(examples: int) -> Looked:
    tally = Tally(examples)
    for rows in chunks(_RECORDS):
        stored = _by_record(rows_of(_IDENTIFIERS, (row[0] for row in rows)))
        for pk, uuid, _, standard, cipher in rows:
            tally.rows += 1
            there = sorted((*told[:3], bytes(told[3])) for told in stored[pk])
            due = sorted(_identifiers_due(orjson.loads(standard), codec.decrypt_ssn(cipher, uuid)))
            if there != due:
                tally.add("the rows of its identifiers are not what it tells", f"source record {uuid}")
    return tally.looked()


def _identifiers_due(standard: Mapping[str, Any], ssn: str) -> set[tuple[str, str, str, bytes]]:
    """A protected number stands in the standard record as its blind index: the row holds that, and no value."""
    due = {(SSN_AUTHORITY, "SS", "", vault.blind_index("ssn", ssn))} if len(ssn) == 9 else set()
    for authority, kind, value in standard["identifiers"]:
        hidden = codec.is_protected(authority, kind)
        index = bytes.fromhex(value) if hidden else vault.blind_index(f"{authority}|{kind}", value)
        due.add((authority[:64], kind[:16], "" if hidden else value[:64], index))
    return due


def _by_record(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for pk, *rest in rows:
        found[pk].append(tuple(rest))
    return found


FOUND_BY: Final = (
    Invariant(
        "blocking-keys",
        "Every source record is found under the blocking keys that it makes and no others; a deleted one under none.",
        "mpi_source_record",
        _look_at_keys,
    ),
    Invariant(
        "identifiers",
        "The rows of identifiers are those that the source records tell.",
        "mpi_source_record",
        _look_at_identifiers,
    ),
)
