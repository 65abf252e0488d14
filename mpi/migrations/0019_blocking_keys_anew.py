"""Blocking keys of every source record by the rules of this release: a record under old keys would not be found.

The keys of the release before cannot be told from what is stored: to go back, restore a backup.
"""

from typing import Any

import orjson
from django.db import migrations

from matching.blocking import blocking_keys
from mpi import codec, vault

_AT_ONCE = 5_000
_RECORDS = """
SELECT id, uuid, standard, ssn_cipher FROM mpi_source_record
WHERE id > %s AND state IN ('active', 'quarantined') ORDER BY id LIMIT %s
"""
_WRITE = "INSERT INTO mpi_blocking_key (key, source_record_id) SELECT * FROM unnest(%s::bigint[], %s::bigint[])"


def make_keys_anew(apps: Any, schema_editor: Any) -> None:
    """All keys go, and come again from the stored standard records: some 150 µs a record."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("TRUNCATE mpi_blocking_key")
        last = 0
        while records := _records(cursor, last):
            keys = [(key, pk) for pk, *told in records for key in sorted(_keys(*told))]
            cursor.execute(_WRITE, [[key for key, _ in keys], [pk for _, pk in keys]])
            last = records[-1][0]


def _records(cursor: Any, last: int) -> list[tuple[Any, ...]]:
    cursor.execute(_RECORDS, [last, _AT_ONCE])
    return cursor.fetchall()  # type: ignore[no-any-return]


def _keys(uuid: object, standard: str, ssn_cipher: bytes | None) -> set[int]:
    record = codec.standard_from_document(orjson.loads(standard), codec.decrypt_ssn(ssn_cipher, uuid))
    return {vault.blocking_hash(key.rule, key.value) for key in blocking_keys(record)}


class Migration(migrations.Migration):
    dependencies = [("mpi", "0018_downtime")]

    operations = [migrations.RunPython(make_keys_anew)]
