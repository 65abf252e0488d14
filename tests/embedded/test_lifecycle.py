from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mpi import embedded
from mpi.embedded.processes import wait_until
from tests.embedded.people import ROOT, User, alive, postmaster_pid, valkey_pid

Start = Callable[[], User]


def test_both_servers_start_on_sockets_only_and_never_as_root(home: Path, user: Start) -> None:
    first = user()
    settings = dict(
        first.sql("SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'jit', 'fsync')")
    )
    assert settings == {"listen_addresses": "", "jit": "off", "fsync": "on"}
    assert first.sql("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'mpi'") == [("UTF8",)]
    assert first.sql("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(True,)]
    assert first.valkey().ping()
    assert Path(f"/proc/{postmaster_pid(home)}").stat().st_uid != 0
    assert Path(first.socket_dir).stat().st_mode & 0o077 == 0


def test_the_last_user_to_leave_stops_both_and_the_data_stays(home: Path, user: Start) -> None:
    first, second = user(), user()
    first.sql("CREATE TABLE kept AS SELECT 42 AS answer")
    pids = postmaster_pid(home), valkey_pid(home)
    first.leave()
    assert all(map(alive, pids))
    second.leave()
    assert not any(map(alive, pids))
    assert not embedded.is_running(home)
    assert user().sql("SELECT answer FROM kept") == [(42,)]


def test_a_child_of_fork_keeps_the_servers_of_its_dead_parent(open_home: Path) -> None:
    program = (
        "import os, sys, time; from pathlib import Path; from mpi import embedded\n"
        "embedded.ensure_running(Path(sys.argv[1]))\n"
        "if os.fork() == 0:\n    sys.stdin.readline()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, open_home],
        stdin=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    assert child.wait(60) == 0
    assert embedded.is_running(open_home)
    child.stdin.close()
    assert wait_until(lambda: not embedded.is_running(open_home), seconds=20)


def test_eight_processes_at_once_start_one_server(home: Path, user: Start, processes_of: Callable) -> None:
    with ThreadPoolExecutor(8) as pool:
        users = list(pool.map(lambda _: user(), range(8)))
    assert len({one.sql("SELECT pg_postmaster_start_time()")[0] for one in users}) == 1
    assert len([pid for pid in processes_of(home) if "-D" in embedded.processes.command_line(pid)]) == 1


def test_a_killed_last_user_leaves_no_server_behind_and_holds_no_pipe(home: Path, user: Start) -> None:
    only = user()
    pids = postmaster_pid(home), valkey_pid(home)
    only.process.kill()
    assert only.process.stdout.read() == ""
    assert wait_until(lambda: not any(map(alive, pids)), seconds=20)


def test_asking_again_when_all_is_up_is_cheap(open_home: Path) -> None:
    embedded.ensure_running(open_home)
    times = []
    for _ in range(300):
        began = time.perf_counter()
        embedded.ensure_running(open_home)
        times.append(time.perf_counter() - began)
    assert statistics.median(times) < 0.001


def test_a_home_with_a_long_or_strange_name_gets_its_sockets_elsewhere(open_home: Path) -> None:
    strange = open_home / ("a, b'c\"d " * 12)
    one = User(strange)
    assert not Path(one.socket_dir).is_relative_to(strange)
    assert one.sql("SELECT 1") == [(1,)]
    assert one.valkey().ping()
    one.leave()
    embedded.remove(strange)
    assert not Path(one.socket_dir).exists()


def test_addresses_start_and_change_nothing(open_home: Path) -> None:
    told = embedded.addresses(open_home)
    assert told.redis_url == f"unix://{open_home}/run/valkey.sock?db=0"
    assert told.broker_url == f"redis+socket://{open_home}/run/valkey.sock?virtual_host=0"
    assert told.database["HOST"] == f"{open_home}/run"
    assert not open_home.exists()


@pytest.mark.slow
def test_stop_and_start_thirty_times_in_a_row_always_works(open_home: Path) -> None:
    for number in range(30):
        one = User(open_home)
        one.sql("CREATE TABLE IF NOT EXISTS runs (n int); INSERT INTO runs VALUES (1)")
        assert one.sql("SELECT count(*) FROM runs") == [(number + 1,)]
        if number % 2:
            one.leave()
        else:
            one.kill()
