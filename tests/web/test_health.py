"""The health card judges the audit log as a monitor is told: by `audit.standing`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audit.checkpoint import ensure_signing_key
from audit.models import Checkpoint
from audit.publish import published_file
from audit.queries import log_state
from audit.seal import seal_all
from audit.standing import MANY_PENDING, Standing, standing
from mpi.queries.health import Check, health

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_log(tmp_path: Path, settings: Settings, people: object) -> Path:
    """A signing key and checkpoints of this test alone, and events that are sealed."""
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "keys" / "audit-signing.pem")
    settings.AUDIT_CHECKPOINT_DIR = str(tmp_path / "checkpoints")
    ensure_signing_key(Path(settings.AUDIT_SIGNING_KEY_FILE))
    seal_all()
    return tmp_path / "checkpoints"


def sealed_log() -> Check:
    return next(check for check in health().checks if check.name == "Sealed log")


def test_a_sealed_log_is_good(own_log: Path) -> None:
    assert standing().verdict == "ok"
    assert (sealed_log().state, sealed_log().since) == ("good", Checkpoint.objects.get().signed_at)


def test_a_log_that_is_shorter_or_other_than_what_was_published_is_not_well(own_log: Path) -> None:
    file = published_file(own_log)
    note, size = json.loads(file.read_text())["note"], Checkpoint.objects.get().size
    file.write_text(json.dumps({"note": note.replace(f"\n{size}\n", f"\n{size + 3}\n")}) + "\n")
    assert "it was cut" in sealed_log().words
    assert (sealed_log().state, "manage.py verifyaudit" in sealed_log().words) == ("bad", True)
    other = note.split("\n")
    other[2] = other[2][::-1].lstrip("=").ljust(len(other[2]), "=")
    file.write_text(json.dumps({"note": "\n".join(other)}) + "\n")
    assert "does not extend" in sealed_log().words
    file.write_text("no note\n")
    assert (sealed_log().state, standing().verdict) == ("bad", "broken")


def test_a_tree_with_holes_is_not_well(own_log: Path) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', 'none', true)")
            cursor.execute("ALTER TABLE audit_tree_node DISABLE TRIGGER audit_tree_node_append_only")
            cursor.execute("DELETE FROM audit_tree_node")
        found = sealed_log()
        transaction.set_rollback(True)
    assert (found.state, "has holes" in found.words) == ("bad", True)


def test_a_log_whose_sealer_is_late_is_late(own_log: Path) -> None:
    state = log_state()
    assert not Standing(state, 0, "").is_late
    waiting = replace(state, pending=MANY_PENDING + 1)
    assert (Standing(waiting, 0, "").is_late, Standing(waiting, 0, "").verdict) == (True, "late")


def test_to_judge_it_costs_few_queries_more_than_to_read_its_figures(own_log: Path) -> None:
    with CaptureQueriesContext(connection) as figures:
        log_state()
    with CaptureQueriesContext(connection) as judged:
        standing()
    assert len(judged) <= len(figures) + 4  # the edge of the tree, and the transaction around
