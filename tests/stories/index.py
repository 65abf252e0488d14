"""A whole index in a home of its own: real servers, real workers, commands as processes of their own."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import psycopg

from mpi import embedded
from mpi.embedded.layout import layout_of
from mpi.embedded.processes import command_line
from tests.embedded.people import ROOT, User, postmaster_pid, valkey_pid

Pair = tuple[tuple[str, str], tuple[str, str]]
# What an operator's shell does not hold: the settings of the tests, other servers.
_OUTSIDE = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "DATABASE_URL_FILE", "REDIS_URL_FILE"}
_FACTS = """
SELECT (SELECT count(*) FROM mpi_source_record),
       (SELECT count(*) FROM mpi_source_record WHERE version <> 1),
       (SELECT count(*) FROM audit_event WHERE action = 'record.created'),
       (SELECT count(DISTINCT subject_id) FROM audit_event WHERE action = 'record.created'),
       (SELECT count(*) FROM audit_event WHERE action = 'record.updated'),
       (SELECT count(*) FROM mpi_link WHERE ended_at IS NULL),
       (SELECT count(*) FROM mpi_inbound_message WHERE state <> 'applied')
"""


class Index:
    """One MPI_HOME, its commands, and a look into its database that neither starts nor keeps its servers."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[str]] = []

    def command(self, *words: str | Path, **how: Any) -> subprocess.Popen[str]:
        """`manage.py WORDS` in the background, in a session of its own."""
        kept = {name: value for name, value in os.environ.items() if name not in _OUTSIDE}
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *map(str, words)],
            stdout=subprocess.PIPE,
            # A file: a pipe that nobody reads would stop the command when it is full.
            stderr=self._said(),
            text=True,
            cwd=ROOT,
            env={**kept, "MPI_HOME": str(self.home), **how.pop("env", {})},
            start_new_session=True,
            **how,
        )
        self.processes.append(process)
        return process

    def run(self, *words: str | Path, seconds: float = 180) -> dict[str, Any]:
        """The JSON that the command prints as its last line, exit status 0."""
        return self.ended(self.command(*words, "--json"), seconds=seconds)

    def migrate(self) -> None:
        process = self.command("migrate", "--verbosity", "0")
        assert process.wait(120) == 0, self.said()

    def ended(self, process: subprocess.Popen[str], *, seconds: float = 180) -> dict[str, Any]:
        out, _ = process.communicate(timeout=seconds)
        assert process.returncode == 0, f"exit {process.returncode}\n{out}\n{self.said()}"
        return json.loads(out.splitlines()[-1])

    def up(self, *, workers: int = 2, **how: Any) -> dict[str, int]:
        """`up` on a free port; the process ids of web, worker and beat."""
        process = self.command(
            "up", "--json", "--port", str(free_port()), "--web", "1", "--workers", str(workers), **how
        )
        line = process.stdout.readline()
        assert line, self.said()
        return json.loads(line)["pids"]

    @contextmanager
    def awake(self) -> Iterator[None]:
        """The servers run for the time of the block, whoever else uses them."""
        user = User(self.home)
        try:
            yield
        finally:
            user.leave()

    def said(self) -> str:
        return "\n".join(path.read_text()[-4_000:] for path in sorted(self.home.parent.glob("said-*")))

    def _said(self) -> Any:
        return (self.home.parent / f"said-{len(self.processes)}.log").open("w")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """As the owner, on a connection of its own. Raises psycopg.OperationalError while the server is away."""
        where = embedded.addresses(self.home).database
        with psycopg.connect(
            host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=where["NAME"], connect_timeout=5
        ) as connection:
            return connection.execute(statement).fetchall()

    def applied(self) -> int:
        """Applied messages; -1 while the database cannot be asked."""
        return self._count("state = 'applied'")

    def received(self) -> int:
        """All messages; -1 while the database cannot be asked."""
        return self._count("true")

    def _count(self, condition: str) -> int:
        try:
            return int(self.sql(f"SELECT count(*) FROM mpi_inbound_message WHERE {condition}")[0][0])
        except psycopg.Error:
            return -1

    def facts(self) -> dict[str, int]:
        names = ("records", "changed", "created_events", "created_subjects", "updated_events", "links", "unapplied")
        with self.awake():
            return dict(zip(names, self.sql(_FACTS)[0], strict=True))

    def pairs(self, folder: Path) -> set[Pair]:
        """Every two source records that the index holds for one person."""
        out = folder / f"links-{self.home.parent.name}.csv"
        self.run("exportlinks", "--out", out)
        persons: dict[str, list[tuple[str, str]]] = defaultdict(list)
        with out.open(newline="") as file:
            for row in csv.DictReader(file):
                persons[row["euid"]].append((row["source_system"], row["mrn"]))
        return {pair for members in persons.values() for pair in combinations(sorted(members), 2)}

    def strays(self) -> list[str]:
        """Command lines of living processes that belong to this home."""
        marks = (str(self.home), layout_of(self.home).tag)
        lines = {int(pid): command_line(int(pid)) for pid in os.listdir("/proc") if pid.isdigit()}
        ours = [line for pid, line in lines.items() if pid != os.getpid() and any(mark in line for mark in marks)]
        return [line.replace("\n", " ") for line in ours]

    def close(self) -> None:
        """End every command, then its servers with their data."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        embedded.remove(self.home)


def new_home() -> Path:
    """An MPI_HOME in a short folder of its own that PostgreSQL's user can enter; the caller removes its parent."""
    parent = Path(tempfile.mkdtemp(prefix="mpi-test-", dir="/tmp"))
    parent.chmod(0o755)
    return parent / "home"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(done: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until `done`; fails with `what` was waited for."""
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, f"waited {seconds:.0f} s in vain until {what}"
        time.sleep(0.02)


def agreement(one: set[Pair], other: set[Pair]) -> float:
    """Pairs that both hold, of the pairs that either holds."""
    return len(one & other) / len(one | other)


def descendants(pid: int) -> list[int]:
    """All processes below `pid`, whichever thread of theirs started them."""
    parents: dict[int, list[int]] = defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            parents[int(stat.rpartition(")")[2].split()[1])].append(int(entry))
    found, ahead = [], [pid]
    while ahead:
        below = parents[ahead.pop()]
        found += below
        ahead += below
    return found


def kill(pids: Sequence[int]) -> None:
    """kill -9."""
    assert pids, "there is no process to kill"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def postmaster(home: Path) -> int:
    return postmaster_pid(home)


def valkey(home: Path) -> int:
    return valkey_pid(home)
