from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from mpi import embedded
from mpi.embedded.layout import layout_of
from mpi.embedded.processes import wait_until
from tests.embedded.people import ROOT, User, alive, postmaster_pid, valkey_pid

Start = Callable[[], User]


def test_postgresql_killed_at_work_comes_back_with_what_was_committed(
    home: Path, user: Start, processes_of: Callable
) -> None:
    first = user()
    first.sql("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    old = processes_of(home)
    os.kill(postmaster_pid(home), signal.SIGKILL)
    second = user()
    assert second.sql("SELECT count(*) FROM kept") == [(1000,)]
    assert not set(old) & set(processes_of(home))


def test_a_backend_that_outlives_the_killed_postmaster_is_ended_first(home: Path, user: Start) -> None:
    first = user()
    assert first.sql("SELECT 1") == [(1,)]
    writer = next(pid for pid in _children(postmaster_pid(home)) if alive(pid))
    # A stopped process notices nothing: it keeps the shared memory of the dead server.
    os.kill(writer, signal.SIGSTOP)
    os.kill(postmaster_pid(home), signal.SIGKILL)
    second = user()
    assert second.sql("SELECT 1") == [(1,)]
    assert not alive(writer)


def test_valkey_killed_comes_back_and_postgresql_does_not_notice(home: Path, user: Start) -> None:
    first = user()
    kept = postmaster_pid(home)
    os.kill(valkey_pid(home), signal.SIGKILL)
    assert user().valkey().ping()
    assert first.valkey().ping()
    assert postmaster_pid(home) == kept


def test_a_stale_pid_file_with_the_number_of_a_living_stranger_is_survived(home: Path, user: Start) -> None:
    first = user()
    lines = (home / "postgres" / "postmaster.pid").read_text().splitlines()
    owner = (home / "postgres").stat().st_uid
    first.leave()
    how = {"user": owner} if os.geteuid() == 0 else {}
    stranger = subprocess.Popen(["sleep", "60"], **how)
    try:
        (home / "postgres" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        (home / "valkey" / "valkey.pid").write_text(str(stranger.pid))
        second = user()
        assert second.sql("SELECT 1") == [(1,)]
        assert second.valkey().ping()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_wiped_home_gets_fresh_servers_and_the_old_ones_end(home: Path, user: Start) -> None:
    user().sql("CREATE TABLE gone AS SELECT 1")
    pids = postmaster_pid(home), valkey_pid(home)
    cluster = (home / "postgres").resolve()
    shutil.rmtree(home)
    second = user()
    assert second.sql("SELECT to_regclass('gone')") == [(None,)]
    assert not any(map(alive, pids))
    assert second.valkey().ping()
    if not cluster.is_relative_to(home):
        assert not cluster.exists()


def test_a_removed_socket_is_made_again(home: Path, user: Start) -> None:
    user()
    layout = layout_of(home)
    layout.postgres_socket.unlink()
    layout.valkey_socket.unlink()
    second = user()
    assert second.sql("SELECT 1") == [(1,)]
    assert second.valkey().ping()


def test_a_start_waits_for_a_server_that_is_stopping(home: Path, user: Start) -> None:
    first = user()
    os.kill(postmaster_pid(home), signal.SIGINT)
    assert user().sql("SELECT 1") == [(1,)]
    assert wait_until(lambda: first.sql("SELECT 1") == [(1,)], seconds=1)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


_WRITER = """
import sys
from pathlib import Path
import psycopg
from mpi import embedded

home, number = Path(sys.argv[1]), int(sys.argv[2])
enough = home.with_name("enough")
n = 0
while not enough.exists():
    where = embedded.ensure_running(home).database
    try:
        with psycopg.connect(host=where["HOST"], port=where["PORT"], user="mpi", dbname="mpi", autocommit=True) as c:
            while not enough.exists():
                c.execute("INSERT INTO said VALUES (%s, %s)", (number, n))
                print(n, flush=True)
                n += 1
    except psycopg.OperationalError:
        n += 1
"""


def _until_both_are_up(user: User) -> None:
    """A server that is killed before it is up is another story, and ends with an error that says so.

    A server that answers is not yet up: who started it writes its pid file after the first answer.
    """
    assert wait_until(lambda: embedded.is_running(user.home) and _both_answer(user), seconds=120)


def _both_answer(user: User) -> bool:
    try:
        user.sql("SELECT 1")
        return bool(user.valkey().ping())
    except (psycopg.OperationalError, redis.ConnectionError):
        return False


@pytest.mark.slow
def test_writers_lose_nothing_they_were_told_was_written_while_the_server_is_killed(open_home: Path) -> None:
    one = User(open_home)
    one.sql("CREATE TABLE said (writer int, n int)")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, open_home, str(number)], stdout=subprocess.PIPE, env=environment
        )
        for number in range(4)
    ]
    try:
        for _ in range(6):
            time.sleep(1)
            _until_both_are_up(one)
            for pid in (postmaster_pid(open_home), valkey_pid(open_home)):
                os.kill(pid, signal.SIGKILL)
        _until_both_are_up(one)
        open_home.with_name("enough").touch()
        said = [writer.communicate(timeout=60)[0] for writer in writers]
    finally:
        # A writer left over would start servers again in a home that is being removed.
        for writer in writers:
            writer.kill()
            writer.wait()
    told = {(number, int(n)) for number, lines in enumerate(said) for n in lines.split()}
    assert all(writer.returncode == 0 for writer in writers)
    # Committed but not yet said when the server died: allowed. Said but lost: never.
    kept = set(User(open_home).sql("SELECT writer, n FROM said"))
    assert len(told) > 100
    assert told <= kept
    one.kill()
