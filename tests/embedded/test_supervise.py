from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpi.embedded.processes import command_line, wait_until
from mpi.embedded.supervise import GaveUpError, Program, Supervisor
from tests.embedded.people import ROOT

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
# Starts a child of its own, says its number, and cannot be ended by SIGTERM.
STUBBORN = (
    sys.executable,
    "-c",
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); pid = os.fork(); "
    "pid and print(pid, flush=True); time.sleep(600)",
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    one = Supervisor([Program("sleeper", SLEEPER)], cwd=ROOT, log_dir=tmp_path, say=said.append)
    yield one
    one.stop()


def _watch_until(supervisor: Supervisor, done: object, *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        supervisor.watch()
        time.sleep(0.02)


def test_a_killed_program_is_started_again_and_said_so(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start()
    first = supervisor.pids()["sleeper"]
    os.kill(first, signal.SIGKILL)
    _watch_until(supervisor, lambda: supervisor.pids().get("sleeper", first) != first)
    assert said == ["sleeper ended (signal SIGKILL); it is started again in 0.5 s."]


def test_a_program_that_cannot_live_is_given_up_with_the_end_of_its_log(tmp_path: Path, said: list[str]) -> None:
    broken = Program("broken", (sys.executable, "-c", "raise SystemExit('no such table')"))
    supervisor = Supervisor([broken], cwd=ROOT, log_dir=tmp_path, say=said.append, first_delay_s=0.05)
    supervisor.start()
    with pytest.raises(GaveUpError, match=r"6 times in a row.*exit code 1(.|\n)*no such table"):
        _watch_until(supervisor, lambda: False, seconds=60)
    assert len(said) == 5
    supervisor.stop()


def test_stop_ends_what_ignores_sigterm_and_its_children(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor([Program("stubborn", STUBBORN, stop_s=0.3)], cwd=ROOT, log_dir=tmp_path, say=said.append)
    supervisor.start()
    log = tmp_path / "stubborn.log"
    assert wait_until(lambda: log.exists() and log.read_text().strip(), seconds=10)
    pids = [supervisor.pids()["stubborn"], int(log.read_text())]
    supervisor.stop()
    # What is killed stands in the process table until its last thread has ended.
    assert wait_until(lambda: not any(map(command_line, pids)), seconds=10)
    assert said == ["stubborn did not finish in 0 s and was killed."]


def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from mpi.embedded.supervise import Program, Supervisor\n"
        f"s = Supervisor([Program('sleeper', {SLEEPER!r})], cwd=Path('/'), log_dir=Path(sys.argv[1]), say=print)\n"
        "s.start(); print(s.pids()['sleeper'], flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path],
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    child = int(parent.stdout.readline())
    assert wait_until(lambda: "time.sleep" in command_line(child) and "leash" not in command_line(child), seconds=10)
    parent.kill()
    parent.communicate()
    assert wait_until(lambda: not command_line(child), seconds=10)


def test_the_servers_are_healed_at_each_watch(tmp_path: Path) -> None:
    healed: list[int] = []
    supervisor = Supervisor([], cwd=ROOT, log_dir=tmp_path, say=print, heal=lambda: healed.append(1))
    supervisor.start()
    supervisor.watch()
    supervisor.watch()
    assert len(healed) == 2
