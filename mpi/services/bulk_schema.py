"""Indexes and foreign keys out of the way while an empty index is filled, and back before the commit.

PostgreSQL does both inside the transaction of the load: whoever looks meanwhile waits, and after a crash all is as
it was. Each index is built again from its own definition, each foreign key checked over all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

_OWNED = "SELECT bool_and(pg_has_role(session_user, relowner, 'USAGE')) FROM pg_class WHERE relname = ANY(%s)"
_CONSTRAINTS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), contype
FROM pg_constraint WHERE contype IN ('f', 'p', 'u')
AND (conrelid = ANY(%(tables)s::regclass[]) OR (contype = 'f' AND confrelid = ANY(%(tables)s::regclass[])))
ORDER BY array_position(ARRAY['f', 'u', 'p'], contype::text), 2
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = ANY(%(tables)s::regclass[])
AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
"""
_MAINTENANCE_MEMORY = "512MB"
_MAY_SET = "SELECT has_parameter_privilege(session_user, 'wal_compression', 'SET')"


@dataclass(frozen=True, slots=True)
class Removed:
    """Statements that put everything back, in order: indexes, primary keys and uniqueness, foreign keys."""

    restore: tuple[str, ...]


@contextmanager
def _as_owner() -> Iterator[None]:
    """The login role's own rights for statements about the schema; `mpi_app` may not change it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        (role,) = cursor.fetchone()
        cursor.execute("SET LOCAL ROLE NONE")
        yield
        cursor.execute("SELECT set_config('role', %s, true)", [role])


def may_rebuild(tables: Sequence[str]) -> bool:
    """Whether the login role owns the tables."""
    with connection.cursor() as cursor:
        cursor.execute(_OWNED, [list(tables)])
        return bool(cursor.fetchone()[0])


def lock_tables(tables: Sequence[str]) -> None:
    """Nobody else reads or writes them until the transaction ends."""
    with _as_owner(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")


def lock_out_writers(tables: Sequence[str]) -> None:
    """Others may read them, and write again when the transaction ends."""
    with _as_owner(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")


def remove_indexes(tables: Sequence[str]) -> Removed:
    """Drop all indexes, keys and foreign keys of the (locked, empty) tables; says how to put them back."""
    with _as_owner(), connection.cursor() as cursor:
        cursor.execute(_CONSTRAINTS, {"tables": list(tables)})
        constraints = cursor.fetchall()
        cursor.execute(_INDEXES, {"tables": list(tables)})
        indexes = cursor.fetchall()
        for table, name, _, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    keys = [row for row in constraints if row[3] != "f"]
    foreign = [row for row in constraints if row[3] == "f"]
    restore = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {told}" for table, name, told, _ in (*keys, *foreign)]
    return Removed((*[told for _, told in indexes], *restore))


def restore_indexes(removed: Removed) -> None:
    """Build everything again and check it. Raises IntegrityError if the rows break a rule."""
    with _as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('maintenance_work_mem', %s, true)", [_MAINTENANCE_MEMORY])
        cursor.execute(_MAY_SET)
        if cursor.fetchone()[0]:
            # Every page of a new index is logged whole: to compress them takes as long as to build the index.
            cursor.execute("SET LOCAL wal_compression = off")
        for statement in removed.restore:
            cursor.execute(statement)


def analyse(tables: Sequence[str]) -> None:
    """Fresh statistics, so that the first queries after the load are planned for its size."""
    with _as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")
