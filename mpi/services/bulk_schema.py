"""Indexes and foreign keys out of the way while an empty index is filled, and back before the commit.

PostgreSQL does both inside the transaction of the load: whoever looks meanwhile waits, and after a crash all is as
it was. Each index is built again from its own definition, each foreign key checked over all rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

from mpi.services.bulk_writer import Statement

_OWNED = "SELECT bool_and(pg_has_role(session_user, relowner, 'USAGE')) FROM pg_class WHERE relname = ANY(%s)"
_CONSTRAINTS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), contype
FROM pg_constraint WHERE contype IN ('f', 'p', 'u')
AND (conrelid = ANY(%(tables)s::regclass[]) OR (contype = 'f' AND confrelid = ANY(%(tables)s::regclass[])))
ORDER BY array_position(ARRAY['f', 'u', 'p'], contype::text), 2
"""
_INDEXES = """
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = ANY(%(tables)s::regclass[])
AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
"""
_MAINTENANCE_MEMORY = "512MB"
_MAY_SET = "SELECT has_parameter_privilege(session_user, 'wal_compression', 'SET')"


@dataclass(frozen=True, slots=True)
class Removed:
    """What puts everything back: (table, statement) of indexes and keys, and statements of foreign keys."""

    indexes: tuple[tuple[str, str], ...]
    foreign_keys: tuple[str, ...]
    before: tuple[str, ...]
    """Statements to be carried out first: the owner's rights, and settings of the transaction."""
    after: tuple[str, ...]

    def indexes_of(self, tables: Collection[str]) -> list[Statement]:
        """Build the indexes and keys of these tables."""
        return self._as_owner([statement for table, statement in self.indexes if table in tables])

    def check_foreign_keys(self) -> list[Statement]:
        """Put the foreign keys back, once all rows are there and all keys are. Fails if the rows break one."""
        return self._as_owner(self.foreign_keys)

    def _as_owner(self, statements: Sequence[str]) -> list[Statement]:
        return [(statement, ()) for statement in (*self.before, *statements, *self.after)]


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
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_setting('role'))")
        (role,) = cursor.fetchone()
    with _as_owner(), connection.cursor() as cursor:
        cursor.execute(_CONSTRAINTS, {"tables": list(tables)})
        constraints = cursor.fetchall()
        cursor.execute(_INDEXES, {"tables": list(tables)})
        indexes = cursor.fetchall()
        cursor.execute(_MAY_SET)
        (may_set,) = cursor.fetchone()
        for table, name, _, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for _, name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    add = [
        (table, f"ALTER TABLE {table} ADD CONSTRAINT {name} {told}", kind) for table, name, told, kind in constraints
    ]
    before = ["SET LOCAL ROLE NONE", f"SET LOCAL maintenance_work_mem = '{_MAINTENANCE_MEMORY}'"]
    if may_set:
        # Every page of a new index is logged whole: to compress them takes as long as to build the index.
        before.append("SET LOCAL wal_compression = off")
    return Removed(
        (
            *[(table, told) for table, _, told in indexes],
            *[(table, told) for table, told, kind in add if kind != "f"],
        ),
        tuple(told for _, told, kind in add if kind == "f"),
        tuple(before),
        (f"SET LOCAL ROLE {role}",),
    )


def analyse(tables: Sequence[str]) -> None:
    """Fresh statistics, so that the first queries after the load are planned for its size."""
    with _as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")
