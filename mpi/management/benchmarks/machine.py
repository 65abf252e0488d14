"""The machine a benchmark runs on, and how much memory a set of its processes holds. Linux only."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

_LOOK_S = 1.0
_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_level")


def machine() -> dict[str, object]:
    """Cores, memory, versions, and the settings of the database that bear on a benchmark."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", [list(_SETTINGS)])
        settings = dict(cursor.fetchall())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": memory >> 20,
        "processor": _processor(),
        "python": platform.python_version(),
        "postgresql": str(connection.cursor().connection.info.server_version),
        "load_before": os.getloadavg()[0],
        **settings,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


@dataclass(slots=True)
class PeakMemory:
    """Highest sums seen, in MB: our own processes, the database's, and both together."""

    own_mb: int = 0
    database_mb: int = 0
    both_mb: int = 0
    _done: threading.Event = field(default_factory=threading.Event)

    def look(self, own: int, database: int) -> None:
        """Take one look into account."""
        self.own_mb = max(self.own_mb, own)
        self.database_mb = max(self.database_mb, database)
        self.both_mb = max(self.both_mb, own + database)


@contextmanager
def peak_memory(database_root: int | None = None, *, look_s: float = _LOOK_S) -> Iterator[PeakMemory]:
    """Watch this process with its children, and the database's with theirs, every `look_s` seconds.

    Shared pages are counted in parts (PSS), so that the database's buffers count once. A look costs the processor a few
    milliseconds for each process.
    """
    peak = PeakMemory()

    def watch() -> None:
        while not peak._done.wait(look_s):
            children = _children()
            own = _sum(os.getpid(), children, but=database_root)
            peak.look(own, _sum(database_root, children) if database_root else 0)

    thread = threading.Thread(target=watch, name="peak-memory", daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        peak._done.set()
        thread.join()


def postmaster() -> int | None:
    """Process id of the database's parent process, None where it runs on another machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    try:
        name, _, rest = Path(f"/proc/{backend}/stat").read_text().rpartition(")")
    except OSError:
        return None
    return int(rest.split()[1]) if "postgres" in name else None


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            told = _read(folder / "stat")
            if told:
                found.setdefault(int(told.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    return found


def _sum(root: int, children: dict[int, list[int]], *, but: int | None = None) -> int:
    """MB held by a process and all below it."""
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        if pid != but:
            total += _held_kb(pid)
            waiting += children.get(pid, [])
    return total >> 10


def _held_kb(pid: int) -> int:
    folder = Path(f"/proc/{pid}")
    return _number(_read(folder / "smaps_rollup"), "Pss:") or _number(_read(folder / "status"), "VmRSS:")


def _number(text: str, name: str) -> int:
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(name)), 0)


def _read(path: Path) -> str:
    """The text of a file of /proc, "" when the process has ended or is not ours to look at."""
    try:
        return path.read_text()
    except OSError:
        return ""
