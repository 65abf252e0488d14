"""A bulk load that is killed in its middle leaves nothing half, and the same command again does it all."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from mpi.embedded.processes import command_line
from tests.stories.conftest import RECORDS
from tests.stories.index import Index, Pair, agreement, descendants, kill, postmaster, until

pytestmark = pytest.mark.slow
AGREE = 0.999


@pytest.mark.parametrize("victim", ["command", "process", "database"])
def test_a_killed_bulk_load_is_done_by_the_same_command(
    migrated: Index, population: Path, undisturbed: set[Pair], tmp_path: Path, victim: str
) -> None:
    load = migrated.command("importrecords", population, "--bulk", "--json")
    until(lambda: _copies(migrated), seconds=60, what="rows are being written")
    if victim == "command":
        os.killpg(load.pid, signal.SIGKILL)
    else:
        processes = [pid for pid in descendants(load.pid) if "spawn_main" in command_line(pid)]
        kill(processes[-1:] if victim == "process" else [postmaster(migrated.home)])
    load.wait(timeout=60)
    assert load.returncode != 0
    with migrated.awake():
        until(lambda: not _copies(migrated), seconds=30, what="the transaction of the dead is rolled back")
        facts = migrated.facts()
        assert not any(facts.values()), "nothing half"
    told = migrated.run("importrecords", population, "--bulk", "--json")
    assert (told["status"], told["created"]) == ("finished", RECORDS)
    with migrated.awake():
        facts = migrated.facts()
        assert agreement(undisturbed, migrated.pairs(tmp_path)) >= AGREE
    assert set(facts.values()) == {0, RECORDS}


def _copies(index: Index) -> bool:
    """Whether a load is writing. Its tables are locked, so only the server's own view can tell."""
    time.sleep(0.02)
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %' AND state = 'active'"
    try:
        return bool(index.sql(busy)[0][0])
    except psycopg.OperationalError:
        return False  # its server is not up yet
