"""A log of its own for each test: key, published file and the few ways to write to and tamper with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from audit.actions import Action
from audit.checkpoint import ensure_signing_key
from audit.record import AuditEntry, record_many
from audit.roles import APP_ROLE

SEALED_TABLES = ("audit_event", "audit_sealed_entry", "audit_tree_node", "audit_checkpoint")


@pytest.fixture
def log_files(settings: Settings, tmp_path: Path) -> Path:
    """A signing key and an empty directory for published checkpoints; answers the directory."""
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "keys" / "audit-signing.pem")
    settings.AUDIT_CHECKPOINT_DIR = str(tmp_path / "checkpoints")
    settings.AUDIT_ORIGIN = "test.example/audit"
    ensure_signing_key(Path(settings.AUDIT_SIGNING_KEY_FILE))
    return tmp_path / "checkpoints"


@pytest.fixture
def log(transactional_db: None, log_files: Path) -> Iterator[Path]:
    """An empty log on PostgreSQL, with real commits, worked on as the application's role."""
    empty_log()
    with as_role(APP_ROLE):
        yield log_files


@pytest.fixture
def events(db: None) -> None:
    """An empty log for a test that commits nothing."""
    empty_log()


def empty_log() -> None:
    """Take away what setting up the database has recorded."""
    change_behind_the_guards(f"TRUNCATE {', '.join(SEALED_TABLES)}, audit_pending_event")


@contextmanager
def as_role(role: str | None) -> Iterator[None]:
    """Work as a role, or as whoever signed in to PostgreSQL (None), and go back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('role', %s, false)", [role or "none"])
        try:
            yield
        finally:
            cursor.execute("SELECT set_config('role', %s, false)", [before])


def entry_of(number: int, **changes: object) -> AuditEntry:
    """One event like those of an import."""
    values: dict[str, object] = {
        "action": Action.LINK_OPENED,
        "actor_kind": "system",
        "actor_id": "system:ingest",
        "actor_name": "ingest",
        "source": "worker",
        "subject_type": "golden_record",
        "subject_id": f"E{number:06d}",
        "related": (("source_record", f"HOSP|{number}"),),
        "after": {"number": number, "probability": 0.991},
        "message_id": number,
    }
    return AuditEntry(**{**values, **changes})  # type: ignore[arg-type]


def write(count: int, start: int = 0) -> tuple[UUID, ...]:
    """Record and commit `count` events."""
    with transaction.atomic():
        return record_many(entry_of(number) for number in range(start, start + count))


@pytest.fixture
def tamper() -> Callable[..., None]:
    """Change the log the way an administrator of the database can."""
    return change_behind_the_guards


def change_behind_the_guards(*statements: str) -> None:
    """Triggers off, SQL, triggers on: what the owner of the tables can always do."""
    with as_role(None), connection.cursor() as cursor:
        for table in SEALED_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
        for statement in statements:
            cursor.execute(statement)
        for table in SEALED_TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
