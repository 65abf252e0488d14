"""A stored message -> the command in it, with its record standardised and keyed: before any lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from matching.blocking import blocking_keys
from matching.records import PatientRecord, StandardRecord, patient_record_from_document
from matching.standardise import standardise
from mpi import codec, vault
from mpi.commands import Placement
from mpi.database.reading import Rows
from mpi.errors import Flaw, InvalidInput
from mpi.mapping import LIMITS, record_from_flat
from mpi.models import InboundMessage, SourceSystem
from mpi.services.active_model import ActiveModel
from mpi.services.receive import record_hash, unknown_system
from mpi.services.rows import fetch_all, instance, table_of
from mpi.services.said import placement_of

SYSTEMS_ASKED = (
    f"SELECT {table_of(SourceSystem).selected} FROM mpi_source_system t ORDER BY t.id",  # noqa: S608  # our own names
    (),
)
"""The question for all source systems; `read_systems` reads its answer."""


class Key(NamedTuple):
    """One blocking key as stored, with what the search must know of it. A named tuple: ten a record are made."""

    hash: int
    rule: str
    strong: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What one message says: a record to upsert (`record` and the rest), or a deletion (`record` is None).

    `placed` is a person's word on whose the record is, `home_id` the golden record that it names.
    """

    message: InboundMessage
    system: SourceSystem
    mrn: str
    source_time: datetime | None
    record: PatientRecord | None
    standard: StandardRecord
    keys: tuple[Key, ...]
    payload_hash: bytes
    placed: Placement | None = None
    home_id: int | None = None


def parse(message: InboundMessage, systems: dict[str, SourceSystem], active: ActiveModel) -> Told:
    """Read a message back. Raises InvalidInput, UnknownSystem or NotFound: such a message is rejected."""
    payload = vault.decrypt(message.payload, field="message", record=str(message.uuid))
    document = orjson.loads(payload)
    if told := document.get("delete"):
        system = known_system(told["source_system"], systems)
        source_time = _time(told.get("source_time"))
        return Told(message, system, told["mrn"], source_time, None, StandardRecord(), (), bytes(message.payload_hash))
    if flat := document.get("flat"):
        system = known_system(flat.get("source_system", ""), systems)
        mapped = record_from_flat(flat, time_zone=system.time_zone)
        record, source_time = mapped.record, mapped.source_time
    else:
        record = patient_record_from_document(document["record"])
        system = known_system(record.source_system, systems)
        source_time = _time(document.get("source_time"))
        _check_number(record.mrn)
    standard = codec.protected_standard(standardise(record, excessive=active.model.excessive))
    keys, told_hash = keys_of(standard), record_hash(record)
    return Told(message, system, record.mrn, source_time, record, standard, keys, told_hash, *placement_of(document))


def _check_number(mrn: str) -> None:
    """What a door has parsed still needs a number that can be stored. Raises InvalidInput."""
    if not mrn or len(mrn) > LIMITS["mrn"]:
        flaw = Flaw("mrn", f"is missing or longer than {LIMITS['mrn']} characters", "give the system's own number")
        raise InvalidInput("The record cannot be used.", flaws=[flaw])


def keys_of(standard: StandardRecord) -> tuple[Key, ...]:
    """The blocking keys of a (protected) standard record as keyed hashes."""
    keys = blocking_keys(standard)
    return tuple([Key(vault.blocking_hash(rule, value), rule, strong) for rule, value, strong in keys])


def known_system(code: str, systems: Mapping[str, SourceSystem]) -> SourceSystem:
    """The registered source system of a code. Raises UnknownSystem."""
    try:
        return systems[code]
    except KeyError:
        raise unknown_system() from None


def all_systems() -> dict[str, SourceSystem]:
    """Every registered source system by its code."""
    return read_systems(fetch_all(SYSTEMS_ASKED)[0])


def read_systems(rows: Rows) -> dict[str, SourceSystem]:
    """The source systems that the answer to `SYSTEMS_ASKED` holds, by code."""
    systems = [instance(SourceSystem, row) for row in rows]
    return {system.code: system for system in systems}


def _time(told: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(told) if told else None
    except ValueError:
        raise InvalidInput("The time of the change cannot be read.") from None
