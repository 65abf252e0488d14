"""Tables that were analysed while they were empty are not read from end to end once they have filled."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from mpi.commands import Actor
from mpi.database.base import as_owner
from mpi.services.claim import _BEHIND
from mpi.services.import_file import register_new_systems
from mpi.services.ingest import ingest
from mpi.services.receive import Draft, flat_payload, receive_many
from mpi.services.rows import fetch
from mpi.synthetic.generate import generate

_RECORDS, _BATCH, _WARM = 800, 100, 200
_READ = (
    "SELECT COALESCE(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE relname IN "
    "('mpi_blocking_key', 'mpi_link', 'mpi_golden_record', 'mpi_source_record', 'mpi_inbound_message')"
)


def _rows_read_in_order() -> int:
    connection.close()  # a session tells what it counted at its end, or a second later
    time.sleep(0.3)
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return int(cursor.fetchone()[0])


def test_earlier_messages_are_looked_for_by_their_key_even_where_none_was_ever_open(db: None) -> None:
    """All that wait were gone through for every message: the more a file brought, the longer each of its lines took."""
    plan = "\n".join(line for (line,) in fetch(f"EXPLAIN {_BEHIND}", [1], [1], [1], [1]))
    assert "message_order" in plan
    assert "message_open" not in plan


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_index_that_was_analysed_while_empty_is_searched_by_its_keys(
    system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpi.services.plan_age._YOUNG_S", 0.05)
    connection.close()
    with as_owner():
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        connection.close()
    rows = [record.as_dict() for record in generate(_RECORDS, 5)]
    register_new_systems({row["source_system"] for row in rows}, actor=system)
    drafts = [Draft("csv", flat_payload(row), row["source_system"], row["mrn"]) for row in rows]
    ids = [receipt.message_id for receipt in receive_many(drafts, actor=system)]
    before = _rows_read_in_order()
    for first in range(0, _WARM, _BATCH):
        ingest(message_ids=ids[first : first + _BATCH])
    warm = _rows_read_in_order() - before
    for first in range(_WARM, _RECORDS, _BATCH):
        ingest(message_ids=ids[first : first + _BATCH])
    read = _rows_read_in_order() - before - warm
    # Read from end to end, the blocking keys alone would be millions: some 8 keys a record, each against all before.
    assert read < 300 * (_RECORDS - _WARM)
