"""A snapshot as the index would have sealed it, made by hand, and the command that serves it without a database."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.hashers import make_password

from mpi import downtime_settings
from mpi.downtime.book import packed, ssn_key
from mpi.downtime.keys import downtime_keys
from mpi.downtime.sealed import write_sealed
from mpi.euid import new_euid

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"  # a test's own
HOLLOWAY, IBSEN, MERGED = new_euid(), new_euid(), new_euid()


def person(euid: str, family: str, given: str, **other: object) -> dict[str, object]:
    told: dict[str, object] = {
        "euid": euid,
        "status": "confirmed",
        "name": {"family": family, "given": given, "middle": "", "suffix": ""},
        "former": [],
        "birth_date": "1971-03-09",
        "sex": "F",
        "deceased_date": "",
        "values": {"phone": "6035550141"},
        "numbers": [("HIS", "4711")],
        "merged": [],
        "asked": [],
        "search": [(family.upper(), given.upper())],
        "ssn": [],
    }
    return told | other


def seal(path: Path) -> None:
    """Margaret Holloway, Walter Ibsen who has died, and two users."""
    keys = downtime_keys()
    users = [
        {"username": name, "name": name.title(), "password": make_password(PASSWORD), "may_register": register}
        for name, register in (("carla", True), ("aisha", False))
    ]
    manifest = {
        "uuid": "01a2010a-a522-7fb9-8c8f-4f9d9b337524",
        "created_at": "2026-11-21T01:30:00+00:00",
        "users": users,
        "numbers": [f"D{number}" for number in range(20)],
        "systems": [("HIS", "General Hospital")],
    }
    persons = [
        person(HOLLOWAY, "Holloway", "Margaret", ssn=[ssn_key("412558801", keys)], asked=[IBSEN]),
        person(IBSEN, "Ibsen", "Walter", deceased_date="2020-01-08", numbers=[("HIS", "99")], merged=[MERGED]),
    ]
    header = {"kind": "snapshot", "uuid": manifest["uuid"], "created_at": manifest["created_at"]}
    write_sealed(path, header, [packed(manifest), packed({"persons": persons, "total": 2})], keys)


@dataclass
class Served:
    """The server of a snapshot; `told` is what it said, when it has ended."""

    port: int
    told: str = ""


@contextmanager
def served(snapshot: Path, home: Path) -> Iterator[Served]:
    """`downtimelookup`, with the keys of the tests, for the time of the block. Neither database nor broker answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = Served(free.getsockname()[1])
    home.mkdir()
    keys = home / "downtime.json"
    keys.write_text(Path(downtime_settings.MPI_DOWNTIME_KEYS_FILE).read_text())
    env = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    env |= {"MPI_HOME": str(home), "MPI_DOWNTIME_KEYS_FILE": str(keys)}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    argv = [sys.executable, "manage.py", "downtimelookup", str(snapshot), "--port", str(found.port)]
    process = subprocess.Popen(argv, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    try:
        page(found.port, "/sign-in/")
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        _, found.told = process.communicate(timeout=15)


def page(port: int, address: str) -> str:
    """The page at an address, as soon as the server answers."""
    for _ in range(150):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", address)
            return connection.getresponse().read().decode()
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    return ""
