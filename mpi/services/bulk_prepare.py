"""Lines of a bulk load -> their rows and what matching needs of them. Runs in a worker process without a database.

Each line is read exactly as `import_file`, `parse` and `plan` read it: same mapping, standardiser, protection, hashes.
"""

from __future__ import annotations

from array import array as numbers
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from matching.blocking import RULES, STRONG_RULES, blocking_keys
from matching.model import LinkageModel
from matching.records import PatientRecord, StandardRecord
from matching.standardise import STANDARDISER_VERSION, standardise
from matching.survivorship import FieldValue, member_values
from mpi import codec, vault
from mpi.errors import Flaw
from mpi.mapping import Mapped
from mpi.models import (
    BlockingKey,
    Identifier,
    InboundMessage,
    MessageOutcome,
    MessageState,
    RecordState,
    SourceRecord,
)
from mpi.services.bulk_copy import binary, chance, json_bytes, moment, pattern_of, rendered
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_packed import packed_member, packed_standard
from mpi.services.bulk_pairs import feature_table, features, key_table
from mpi.services.identifiers import identifier_values
from mpi.services.import_file import LINES_A_COMMIT
from mpi.services.import_lines import Line
from mpi.services.import_mapping import map_line
from mpi.services.receive import flat_payload, order_key, payload_hash, plain_hash
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
    "applied_at",
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
    "recorded_at",
)
_IDENTIFIER = ("source_record_id", "authority", "type", "value", "value_index")


@dataclass(frozen=True, slots=True)
class Lines:
    """A task: lines of the file in their order, the first of them number `first`; None is left to the caller.

    `first` is a multiple of `LINES_A_COMMIT`. With `rows` False only what matching needs is prepared.
    """

    first: int
    lines: tuple[Line | None, ...] = field(repr=False)
    rows: bool = True


@dataclass(slots=True)
class Prepared:
    """A chunk of lines: `rows` are COPY lines by statement, `flaws` and `counts` those of an import.

    The rest is for matching, one entry for each record:
    ids         numbers of the lines in the load
    batches     the batch to which an ordinary import would have given each
    standards   packed standard records, SSN included: they never leave the memory of the load
    members     the same for survivorship, see `bulk_packed`
    hashes, rules, key_counts   blocking keys: hashes and rule numbers of all records, and how many each has
    features, keys   the same for blocking, as `bulk_pairs` loads it
    """

    first: int
    lines: int
    rows: dict[str, bytes] = field(default_factory=dict, repr=False)
    flaws: list[Flaw] = field(default_factory=list, repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    ids: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
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
        self._message = pattern_of(_message(frame), _MESSAGE)
        self._record = pattern_of(_record(frame), _RECORD)
        self._identifier = pattern_of(Identifier(), _IDENTIFIER, leave_out=("id",))
        self._keys = f"COPY {table_of(BlockingKey).name} (key, source_record_id) FROM STDIN"

    def prepare(self, task: Lines) -> Prepared:
        """Rows of these lines, and what matching needs."""
        prepared = Prepared(task.first, len(task.lines))
        patterns = (self._message, self._record, self._identifier)
        rows: dict[str, list[str]] = {told: [] for told in (*[one.statement for one in patterns], self._keys)}
        told: list[tuple[object, ...]] = []
        batches = -(-LINES_A_COMMIT // self._frame.batch_size)
        taken = 0
        for place, line in enumerate(task.lines):
            if place % LINES_A_COMMIT == 0:
                taken = 0
            if line is not None:
                mapped = map_line(line, self._frame.systems, self._frame.header, prepared.flaws, prepared.counts)
                if mapped is None:
                    continue
                number = task.first + place
                batch = number // LINES_A_COMMIT * batches + taken // self._frame.batch_size
                standard = codec.protected_standard(standardise(mapped.record, excessive=self._model.excessive))
                self._match(prepared, number, batch, standard)
                told.append(features(standard, self._model))
                if task.rows:
                    self._write(prepared, line, mapped, standard, rows)
            taken += 1
        owners = [number for number, count in zip(prepared.ids, prepared.key_counts, strict=True) for _ in range(count)]
        when = [batch for batch, count in zip(prepared.batches, prepared.key_counts, strict=True) for _ in range(count)]
        prepared.features = feature_table(prepared.ids, told)
        prepared.keys = key_table(owners, prepared.hashes, [rule in _STRONG for rule in prepared.rules], when)
        prepared.rows = {statement: "".join(told).encode() for statement, told in rows.items()}
        return prepared

    @staticmethod
    def _match(prepared: Prepared, number: int, batch: int, standard: StandardRecord) -> None:
        """What blocking needs of one record."""
        keys = blocking_keys(standard)
        prepared.ids.append(number)
        prepared.batches.append(batch)
        prepared.hashes.extend([vault.blocking_hash(key.rule, key.value) for key in keys])
        prepared.rules.extend([_NUMBER[key.rule] for key in keys])
        prepared.key_counts.append(len(keys))

    def _write(
        self, prepared: Prepared, line: Line, mapped: Mapped, standard: StandardRecord, rows: dict[str, list[str]]
    ) -> None:
        """The rows of one record, and what the second half of the load needs of it."""
        frame, told = self._frame, mapped.record
        number, now = prepared.ids[-1], frame.moment(prepared.batches[-1])
        record_id, uuid, system = frame.first_record + number, chance.uuid(), frame.systems[told.source_system]
        ssn_cipher, ssn_index = codec.encrypt_ssn(codec.ssn_of(standard), uuid)
        told_at, recorded_at = moment(mapped.source_time), moment(now)
        plain = codec.plain_record(told)
        told_hash = plain_hash(plain)
        values = (
            record_id,
            uuid,
            system.pk,
            rendered(told.mrn),
            json_bytes(codec.sealed_document(plain, uuid)),
            json_bytes(codec.standard_document(standard)),
            binary(ssn_cipher),
            binary(ssn_index),
            binary(told_hash),
            frame.first_message + number,
            told_at,
            recorded_at,
        )
        rows[self._record.statement].append(self._record.line % values)
        rows[self._message.statement].append(self._message_line(line, number, told, told_at, recorded_at))
        hashes = prepared.hashes[len(prepared.hashes) - prepared.key_counts[-1] :]
        rows[self._keys].extend([f"{value}\t{record_id}\n" for value in sorted(set(hashes))])
        for authority, kind, value, index in identifier_values(standard):
            identifier = (record_id, rendered(authority), rendered(kind), rendered(value), binary(index))
            rows[self._identifier.statement].append(self._identifier.line % identifier)
        prepared.standards.append(packed_standard(standard))
        shown = member_values(told, standard)
        shown.pop("ssn", None)
        if standard.ssn and ssn_index:
            shown["ssn"] = FieldValue(value=standard.ssn, key=ssn_index.hex())
        known_at = _in_utc(mapped.source_time or now)
        prepared.members.append(packed_member(uuid, told.source_system, told.mrn, system.rank, known_at, shown))

    def _message_line(self, line: Line, number: int, told: PatientRecord, told_at: str, applied_at: str) -> str:
        frame, uuid, payload = self._frame, chance.uuid(), flat_payload(line.row)
        values = (
            frame.first_message + number,
            uuid,
            rendered(told.source_system),
            binary(vault.encrypt(payload, field="message", record=uuid)),
            binary(payload_hash(payload)),
            order_key(told.source_system, told.mrn),
            line.number,
            told_at,
            applied_at,
            frame.first_decision + number,
            frame.first_record + number,
        )
        return self._message.line % values


@lru_cache(maxsize=256)
def _in_utc(moment: datetime) -> str:
    """ISO; of records without a time of their own all of a batch share one."""
    return moment.astimezone(UTC).isoformat()


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
    )
