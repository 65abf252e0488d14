"""Whatever is killed in the middle of an import: every line takes effect once, and the persons are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from mpi import embedded
from mpi.embedded.processes import command_line
from tests.stories.conftest import RECORDS
from tests.stories.index import Index, Pair, agreement, descendants, kill, postmaster, until, valkey

pytestmark = pytest.mark.slow
AGREE = 0.9995
HASTY_SWEEP = {"MPI_SWEEP_AFTER_S": "3"}
Victims = Callable[[Index, dict[str, int]], None]


def a_pool_process_and_a_web_process(index: Index, pids: dict[str, int]) -> None:
    web = [pid for pid in descendants(pids["web"]) if "granian" in command_line(pid)]
    kill([descendants(pids["worker"])[0], web[-1]])


def the_worker_the_web_server_and_beat(index: Index, pids: dict[str, int]) -> None:
    kill([pids["worker"], pids["web"], pids["beat"]])


def the_broker(index: Index, pids: dict[str, int]) -> None:
    kill([valkey(index.home)])


def what_the_broker_remembers(index: Index, pids: dict[str, int]) -> None:
    assert redis.from_url(embedded.addresses(index.home).redis_url).flushall()


def the_database(index: Index, pids: dict[str, int]) -> None:
    kill([postmaster(index.home)])


def one_backend(index: Index, pids: dict[str, int]) -> None:
    found = index.sql(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() "
        "ORDER BY (state <> 'idle') DESC, pid"
    )
    kill([found[0][0]])


@pytest.mark.parametrize(
    "victims",
    [
        a_pool_process_and_a_web_process,
        the_worker_the_web_server_and_beat,
        the_broker,
        what_the_broker_remembers,
        the_database,
        one_backend,
    ],
    ids=lambda victims: victims.__name__,
)
def test_up_heals_itself_and_the_import_is_whole(
    migrated: Index, population: Path, undisturbed: set[Pair], tmp_path: Path, victims: Victims
) -> None:
    pids = migrated.up(env=HASTY_SWEEP)
    migrated.run("importrecords", population)
    _in_the_middle(migrated, 0.25)
    victims(migrated, pids)
    until(lambda: migrated.applied() == RECORDS, seconds=120, what="all is applied")
    until(lambda: _jobs(migrated) == [("finished",)], seconds=30, what="the sweep has closed the job")
    _assert_whole(migrated, undisturbed, tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_a_killed_import_is_finished_by_the_same_command(
    migrated: Index, population: Path, undisturbed: set[Pair], tmp_path: Path, share: float
) -> None:
    first = migrated.command("importrecords", population, "--wait")
    if share:
        _in_the_middle(migrated, share)
    else:
        until(lambda: migrated.received() > 0, seconds=60, what="the first lines are read")
    kill([first.pid])
    first.wait()
    until(lambda: not migrated.strays(), seconds=60, what="its workers and servers have ended")
    told = migrated.run("importrecords", population, "--wait")
    assert told["lines"] == RECORDS
    _assert_whole(migrated, undisturbed, tmp_path)


def test_an_import_outlasts_its_database_and_its_workers(
    migrated: Index, population: Path, undisturbed: set[Pair], tmp_path: Path
) -> None:
    """Without `up`: the command brings servers and workers of its own, and keeps both alive."""
    process = migrated.command("importrecords", population, "--wait", "--json")
    until(lambda: migrated.received() > 0, seconds=60, what="the first lines are read")
    kill([postmaster(migrated.home)])
    _in_the_middle(migrated, 0.4)
    kill([pid for pid in descendants(process.pid) if "\nworker\n" in command_line(pid)])
    told = migrated.ended(process)
    assert (told["lines"], told["created"], told["status"]) == (RECORDS, RECORDS, "finished")
    _assert_whole(migrated, undisturbed, tmp_path)


def _jobs(index: Index) -> list[tuple[str]]:
    return index.sql("SELECT status FROM mpi_job ORDER BY id")


def _in_the_middle(index: Index, share: float) -> None:
    until(lambda: index.applied() >= RECORDS * share, seconds=90, what="a part of the file is applied")
    assert index.applied() < RECORDS, "all is applied already: nothing is left to disturb"


def _assert_whole(index: Index, undisturbed: set[Pair], folder: Path) -> None:
    """Each line once, nothing waiting, and the persons of the undisturbed run."""
    once = dict.fromkeys(("records", "created_events", "created_subjects", "links"), RECORDS)
    assert index.facts() == once | {"changed": 0, "updated_events": 0, "unapplied": 0}
    assert agreement(index.pairs(folder), undisturbed) >= AGREE
