from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpi.embedded.processes import wait_until
from tests.embedded.people import ROOT, alive, postmaster_pid, valkey_pid

pytestmark = pytest.mark.slow


def _environment(home: Path) -> dict[str, str]:
    outside = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "DATABASE_URL_FILE", "REDIS_URL_FILE"}
    return {**{name: value for name, value in os.environ.items() if name not in outside}, "MPI_HOME": str(home)}


def _command(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "up", "--json", *words]


class Up:
    """`manage.py up` with the JSON line it prints when the site answers."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.process = subprocess.Popen(
            _command("--port", str(port), "--web", "1", "--workers", "1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(home),
        )
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.pids: dict[str, int] = json.loads(line)["pids"]

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()

    def everything(self) -> list[int]:
        return [*self.pids.values(), postmaster_pid(self.home), valkey_pid(self.home)]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def up(open_home: Path, port: int) -> Iterator[Up]:
    one = Up(open_home, port)
    yield one
    one.process.kill()
    one.process.communicate()


def test_what_is_killed_beside_up_runs_again(up: Up) -> None:
    killed = up.everything()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    # Not the servers: `up` or their keeper, whoever looks first, brings them back, and only `up` says so.
    unsaid = {"beat", "web", "worker"}
    while unsaid and (line := up.process.stderr.readline()):
        unsaid -= set(line.split())
    assert not unsaid
    assert wait_until(up.answers, seconds=30)
    assert not set(killed) & {postmaster_pid(up.home), valkey_pid(up.home)}


def test_sigterm_stops_everything(up: Up) -> None:
    pids = up.everything()
    assert up.answers()
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(90) == 0
    assert not any(map(alive, pids))


def test_a_killed_up_leaves_nothing_running(up: Up) -> None:
    pids = up.everything()
    up.process.kill()
    assert wait_until(lambda: not any(map(alive, pids)), seconds=60)


def test_a_busy_port_is_said_so_with_a_mend(open_home: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        began = time.monotonic()
        done = subprocess.run(
            _command("--port", str(port)), capture_output=True, text=True, env=_environment(open_home), check=False
        )
    assert done.returncode == 1
    assert f"Cannot serve at 127.0.0.1:{port}: Address already in use" in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert time.monotonic() - began < 30
