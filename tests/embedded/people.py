"""The users of an embedded server, as processes of their own."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import redis

from mpi import embedded

ROOT = Path(__file__).parent.parent.parent


class User:
    """`python -m mpi.embedded start`: holds the servers until it leaves or is killed."""

    def __init__(self, home: Path, *, python: str = sys.executable, path: Path = ROOT, **how: Any) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [python, "-P", "-m", "mpi.embedded", "start", "--home", str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(path)},
            **how,
        )
        self.socket_dir = self.process.stdout.readline().strip()
        if not self.socket_dir:
            raise AssertionError(self.process.communicate()[1])
        self.redis_url = self.process.stdout.readline().strip()
        self.process.stdout.readline()

    def leave(self) -> None:
        self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        where = {"host": self.socket_dir, "port": 5432, "user": "mpi", "dbname": "mpi"}
        with psycopg.connect(**where, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def valkey(self) -> redis.Redis:
        return redis.from_url(self.redis_url)


def postmaster_pid(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split()[0])


def valkey_pid(home: Path) -> int:
    return int((home / "valkey" / "valkey.pid").read_text())


def alive(pid: int) -> bool:
    return bool(embedded.processes.command_line(pid))


def as_user(entry: pwd.struct_passwd) -> dict[str, Any]:
    """Arguments of subprocess to be that user; none when we are."""
    if os.geteuid() == entry.pw_uid:
        return {}
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
