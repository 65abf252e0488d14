"""What a run costs the processor, by program: a throughput means little without who worked for it. Linux only."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PARTS = (("granian", "web"), ("celery", "worker"), ("postgres", "database"), ("benchmark", "watching"))
"""What a command line holds, and the part that its process plays."""


@contextmanager
def processor_time(database_root: int | None) -> Iterator[dict[str, float]]:
    """Processor seconds of the block by part, filled at its end: of our programs, and of the database's processes.

    Of processes that are alive at the end of it; a client that ends within it tells its own.
    """
    took: dict[str, float] = defaultdict(float)
    before = _seconds(database_root)
    yield took
    for process, (part, seconds) in _seconds(database_root).items():
        took[part] += seconds - before.get(process, (part, 0.0))[1]


def _seconds(database_root: int | None) -> dict[int, tuple[str, float]]:
    """Process -> its part and its processor seconds so far, of all that descend from this process or the database's."""
    parents: dict[int, int] = {}
    told: dict[int, tuple[str, float]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_text()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        number = int(folder.name)
        parents[number] = int(fields[1])
        if part := next((part for word, part in _PARTS if word in words), None):
            told[number] = part, (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND
    roots = {os.getpid(), database_root}
    return {number: one for number, one in told.items() if _descends(number, roots, parents)}


def _descends(process: int | None, roots: set[int | None], parents: dict[int, int]) -> bool:
    while process:
        if process in roots:
            return True
        process = parents.get(process)
    return False
