"""No protected number stands in clear in any column of any table, and no raw payload can be read there."""

from __future__ import annotations

import pytest
from django.db import connection

from matching.records import Identifier, Name, PatientRecord
from mpi import codec
from mpi.commands import Actor
from mpi.models import GoldenRecord
from mpi.services.merge import merge_golden_records
from mpi.services.undo import undo_event
from mpi.services.upsert import upsert_record
from tests.services.telling import KATHERINE, MARCUS, MARGARET, MARJORIE, owner, record_of, tell, versions

CANARIES = ("536228145", "536-22-8145", "219447710", "219-44-7710", "X0817423", "x0817423")
_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""


def dump() -> dict[str, str]:
    """Every column of every table as one text; bytes as hexadecimal and as Latin-1."""
    told: dict[str, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column, kind in cursor.fetchall():
            readable = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute("SELECT has_column_privilege(%s, %s, 'SELECT')", [table, column])
            if not cursor.fetchone()[0]:
                continue
            cursor.execute(f"SELECT coalesce(string_agg({readable}, E'\\n'), '') FROM \"{table}\"")
            told[f"{table}.{column}"] = cursor.fetchone()[0]
    return told


@pytest.fixture
def index(steward: Actor, his_client: Actor) -> None:
    """People with numbers through every door, merged and taken apart again, updated and asked about."""
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE, ssn="536-22-8154")
    tell("HIS", "2", MARCUS)
    tell("HIS", "2", MARCUS, phone="419-555-0100")
    tell("HIS", "3", MARGARET)
    tell("LAB", "4", MARJORIE)
    passport = Identifier("USA", "X0817423", "PPN")
    upsert_record(
        record=PatientRecord(
            "LAB",
            "9",
            names=(Name(family="Whitfield", given="Marcus"),),
            birth_date="1984-11-30",
            identifiers=(passport,),
        ),
        source_time=None,
        actor=his_client,
        idempotency_key="key-1",
    )
    golden = owner("HIS", "1"), owner("HIS", "2")
    act = merge_golden_records(
        survivor_euid=golden[0].euid,
        retired_euid=golden[1].euid,
        versions=versions(*golden),
        reason_code="documents-seen",
        reason="",
        actor=steward,
    )
    undo_event(event_uuid=act.event_uuid, reason="", actor=steward)


@pytest.mark.usefixtures("index")
def test_no_protected_number_stands_in_clear_in_any_column() -> None:
    told = dump()
    assert len(told) > 200
    assert {f"{column}: {canary}" for column, text in told.items() for canary in CANARIES if canary in text} == set()


@pytest.mark.usefixtures("index")
def test_the_last_four_digits_stand_nowhere_beside_the_record() -> None:
    told = dump()
    for column in ("mpi_source_record.standard", "mpi_golden_record.values", "mpi_golden_record.provenance"):
        assert '"8145"' not in told[column]


@pytest.mark.usefixtures("index")
def test_raw_payloads_and_evidence_cannot_be_read_in_the_database() -> None:
    told = dump()
    for column in ("mpi_inbound_message.payload", "mpi_decision.evidence"):
        assert len(told[column]) > 1_000
        for word in ("Katherine", "KATHERINE", "Oyelaran", "OYELARAN", "given_name", "family", "comparison"):
            assert word not in told[column]


@pytest.mark.usefixtures("index")
def test_neither_log_nor_outbox_holds_a_name_or_a_date_of_birth() -> None:
    told = dump()
    tables = ("audit_event", "mpi_outbox_event", "mpi_identity_event", "mpi_job", "mpi_line_error")
    columns = {column: text for column, text in told.items() if column.split(".")[0] in tables}
    assert len(columns) > 40
    for word in ("Oyelaran", "OYELARAN", "Katherine", "Whitfield", "1971-03-09", "Alder Court"):
        assert [column for column, text in columns.items() if word in text] == []


@pytest.mark.usefixtures("index")
def test_the_numbers_are_there_for_who_may_read_them() -> None:
    record = record_of("HIS", "1")
    assert codec.standard_record(record).ssn == "536228145"
    assert codec.masked_told(record).identifiers[0].value == "•••-••-8145"
    assert codec.told_record(record_of("LAB", "9")).identifiers[0].value == "X0817423"
    for golden in GoldenRecord.objects.filter(values__has_key="ssn"):
        assert codec.golden_values(golden)["ssn"].startswith("•••-••-")


@pytest.mark.usefixtures("index")
def test_a_history_row_holds_the_same_ciphertext_as_its_record() -> None:
    record = record_of("HIS", "1")
    row = record.history.first()
    assert bytes(row.ssn_cipher) == bytes(record.ssn_cipher)
    assert row.told == record.told
