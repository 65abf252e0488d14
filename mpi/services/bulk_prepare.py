"""Lines of a bulk load -> their rows and what matching needs of them. Runs in a worker process without a database.

Each line is read exactly as `parse` and `plan` read a message: same mapping, standardiser, protection and hashes.
"""

from __future__ import annotations

from array import array as numbers
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from matching.blocking import RULES, STRONG_RULES, blocking_keys
from matching.model import LinkageModel
from matching.standardise import STANDARDISER_VERSION, standardise
from matching.survivorship import FieldValue, member_values
from mpi import codec, vault
from mpi.mapping import record_from_flat
from mpi.models import BlockingKey, InboundMessage, MessageOutcome, MessageState, RecordState, SourceRecord
from mpi.services.bulk_copy import binary, chance, history_pattern, json_bytes, moment, pattern_of, rendered
from mpi.services.bulk_pairs import feature_table, features, key_table
from mpi.services.receive import order_key, payload_hash, record_hash
from mpi.services.rows import table_of

_NUMBER = {rule: number for number, rule in enumerate(RULES)}
_STRONG = frozenset(_NUMBER[rule] for rule in STRONG_RULES)
_MESSAGE = (
    "id",
    "uuid",
    "source_system",
    "payload",
    "payload_hash",
    "order_key",
    "line",
    "source_time",
    "decision_id",
    "source_record_id",
)
_RECORD = (
    "id",
    "uuid",
    "source_system_id",
    "mrn",
    "told",
    "standard",
    "ssn_cipher",
    "ssn_index",
    "payload_hash",
    "message_id",
    "effective_at",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What all rows of one bulk load share. `first_*` are the keys of its record number 0; the rest follow on."""

    model_id: int
    model_document: dict[str, Any] = field(repr=False)
    settings_hash: str
    systems: dict[str, tuple[int, str, int]]
    """Code -> (key, time zone, rank)."""
    channel: str
    job_id: int
    sender_id: str
    correlation_id: UUID
    recorded_at: datetime
    first_message: int = 0
    first_record: int = 0
    first_golden: int = 0
    first_link: int = 0
    first_decision: int = 0
    first_event: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """One usable line: its number in the load, its line in the file, the payload as it will be stored."""

    number: int
    line: int
    payload: bytes = field(repr=False)


@dataclass(slots=True)
class Prepared:
    """A chunk of lines: `rows` are COPY lines by statement, the rest is for matching, one entry a record.

    standards   standard records as JSON, SSN included: they never leave the memory of the load
    members     [uuid, source system, MRN, rank, ISO time, values] as JSON, for survivorship
    hashes, rules, key_counts   blocking keys: hashes and rule numbers of all records, and how many each has
    features, keys   the same for blocking, as `bulk_pairs` loads it
    """

    rows: dict[str, bytes] = field(default_factory=dict, repr=False)
    ids: list[int] = field(default_factory=list)
    standards: list[bytes] = field(default_factory=list, repr=False)
    members: list[bytes] = field(default_factory=list, repr=False)
    hashes: numbers[int] = field(default_factory=lambda: numbers("q"), repr=False)
    rules: numbers[int] = field(default_factory=lambda: numbers("b"), repr=False)
    key_counts: list[int] = field(default_factory=list)
    features: pa.Table = field(default=None, repr=False)
    keys: pa.Table = field(default=None, repr=False)


class Preparer:
    """Prepares chunks of one load: patterns are made once a process."""

    def __init__(self, frame: Frame, model: LinkageModel) -> None:
        self._frame = frame
        self._model = model
        message, record = _message(frame), _record(frame)
        self._message = pattern_of(message, _MESSAGE)
        self._record = pattern_of(record, _RECORD)
        self._history = history_pattern(
            record,
            _RECORD,
            actor_id="system:matching",
            correlation_id=frame.correlation_id,
            recorded_at=frame.recorded_at,
        )
        keys = table_of(BlockingKey)
        self._keys = f"COPY {keys.name} (key, source_record_id) FROM STDIN"

    def prepare(self, drafts: Sequence[Draft]) -> Prepared:
        """Rows of these lines, and what matching needs."""
        prepared = Prepared()
        patterns = (self._message, self._record, self._history)
        lines: dict[str, list[str]] = {told: [] for told in (*[one.statement for one in patterns], self._keys)}
        told: list[tuple[object, ...]] = []
        for draft in drafts:
            self._add(draft, prepared, lines, told)
        owners = [number for number, count in zip(prepared.ids, prepared.key_counts, strict=True) for _ in range(count)]
        prepared.features = feature_table(prepared.ids, told)
        prepared.keys = key_table(owners, prepared.hashes, [rule in _STRONG for rule in prepared.rules])
        prepared.rows = {statement: "".join(told).encode() for statement, told in lines.items()}
        return prepared

    def _add(
        self, draft: Draft, prepared: Prepared, lines: dict[str, list[str]], told_features: list[tuple[object, ...]]
    ) -> None:
        frame = self._frame
        row = orjson.loads(draft.payload)["flat"]
        system_id, zone, rank = frame.systems[row["source_system"].strip()]
        mapped = record_from_flat(row, time_zone=zone)
        told = mapped.record
        standard = codec.protected_standard(standardise(told, excessive=self._model.excessive))
        keys = [(vault.blocking_hash(key.rule, key.value), _NUMBER[key.rule]) for key in blocking_keys(standard)]
        record_id, uuid = frame.first_record + draft.number, chance.uuid()
        ssn_cipher, ssn_index = codec.encrypt_ssn(codec.ssn_of(standard), uuid)
        told_at = moment(mapped.source_time)
        values = (
            record_id,
            uuid,
            system_id,
            rendered(told.mrn),
            json_bytes(codec.told_document(told, uuid)),
            json_bytes(codec.standard_document(standard)),
            binary(ssn_cipher),
            binary(ssn_index),
            binary(record_hash(told)),
            frame.first_message + draft.number,
            told_at,
        )
        lines[self._record.statement].append(self._record.line % values)
        lines[self._history.statement].append(self._history.line % values)
        lines[self._message.statement].append(self._message_line(draft, told.source_system, told.mrn, told_at))
        hashes = sorted({value for value, _ in keys})
        lines[self._keys].extend([f"{value}\t{record_id}\n" for value in hashes])
        prepared.ids.append(draft.number)
        prepared.standards.append(orjson.dumps(standard))
        shown = member_values(told, standard)
        shown.pop("ssn", None)
        if standard.ssn and ssn_index:
            shown["ssn"] = FieldValue(value=standard.ssn, key=ssn_index.hex())
        moment_known = (mapped.source_time or frame.recorded_at).astimezone(UTC).isoformat()
        prepared.members.append(orjson.dumps((uuid, told.source_system, told.mrn, rank, moment_known, shown)))
        prepared.hashes.extend([value for value, _ in keys])
        prepared.rules.extend([rule for _, rule in keys])
        prepared.key_counts.append(len(keys))
        told_features.append(features(standard, self._model))

    def _message_line(self, draft: Draft, system: str, mrn: str, told_at: str) -> str:
        frame, uuid = self._frame, chance.uuid()
        values = (
            frame.first_message + draft.number,
            uuid,
            rendered(system),
            binary(vault.encrypt(draft.payload, field="message", record=uuid)),
            binary(payload_hash(draft.payload)),
            order_key(system, mrn),
            draft.line,
            told_at,
            frame.first_decision + draft.number,
            frame.first_record + draft.number,
        )
        return self._message.line % values


def _message(frame: Frame) -> InboundMessage:
    return InboundMessage(
        id=0,
        channel=frame.channel,
        payload=b"",
        payload_hash=b"",
        order_key=0,
        state=MessageState.APPLIED,
        outcome=MessageOutcome.CREATED,
        job_id=frame.job_id,
        received_at=frame.recorded_at,
        applied_at=frame.recorded_at,
        correlation_id=frame.correlation_id,
        actor_id=frame.sender_id,
    )


def _record(frame: Frame) -> SourceRecord:
    return SourceRecord(
        id=0,
        source_system_id=0,
        version=1,
        state=RecordState.ACTIVE,
        told={},
        standard={},
        standardiser=STANDARDISER_VERSION,
        payload_hash=b"",
        settings_hash=frame.settings_hash,
        recorded_at=frame.recorded_at,
    )
