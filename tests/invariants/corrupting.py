"""How a test breaks an index, as only the owner of the database could.

What is forged is written into the newest history too: so nothing but what it breaks tells of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

_HISTORY = {
    "mpi_source_record": "mpi_historicalsourcerecord",
    "mpi_golden_record": "mpi_historicalgoldenrecord",
    "mpi_link": "mpi_historicallink",
    "mpi_potential_match": "mpi_historicalpotentialmatch",
}
_GUARDS = (
    "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE t.tgname LIKE '%_append_only'"
)


@dataclass(frozen=True)
class Corruption:
    """Statements of SQL, and the names of all invariants that they break."""

    name: str
    breaks: set[str]
    statements: tuple[str, ...]


def forged(table: str, change: str, where: str) -> tuple[str, ...]:
    """One row changed, and its newest history with it. `where` chooses among the rows `t`; the first is taken."""
    newest = f"(SELECT max(history_id) FROM {_HISTORY[table]} WHERE id = (SELECT id FROM chosen))"
    return (
        *_choose(table, where),
        f"UPDATE {table} SET {change} WHERE id = (SELECT id FROM chosen)",
        f"UPDATE {_HISTORY[table]} SET {change} WHERE history_id = {newest}",
    )


def changed(table: str, change: str, where: str) -> tuple[str, ...]:
    """One row changed, and nothing else."""
    return (*_choose(table, where), f"UPDATE {table} SET {change} WHERE id = (SELECT id FROM chosen)")


def gone(table: str, where: str) -> tuple[str, ...]:
    """One row taken away, with its history if it has one."""
    history = (f"DELETE FROM {_HISTORY[table]} WHERE id = (SELECT id FROM chosen)",) if table in _HISTORY else ()
    return (*_choose(table, where), f"DELETE FROM {table} WHERE id = (SELECT id FROM chosen)", *history)


def _choose(table: str, where: str) -> tuple[str, ...]:
    return (
        "DROP TABLE IF EXISTS chosen",
        f"CREATE TEMP TABLE chosen ON COMMIT DROP AS SELECT t.id FROM {table} t WHERE {where} ORDER BY t.id LIMIT 1",
    )


def corrupt(corruption: Corruption) -> None:
    """Do it, past every guard and foreign key, inside the transaction of the test. Each statement must do something."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', 'none', true)")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_GUARDS)
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        for statement in corruption.statements:
            cursor.execute(statement)
            assert cursor.rowcount != 0, f"nothing was corrupted by: {statement}"
