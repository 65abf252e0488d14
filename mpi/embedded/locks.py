"""File locks (flock): who is a user of the servers, who may start or stop them.

`users.lock` is held shared by every process that called `ensure_running`, children of fork included;
whoever gets it exclusively knows that nobody is left. `start.lock` lets one process start or stop.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mpi.embedded.processes import wait_until


def open_lock(path: Path) -> int:
    """A file descriptor of the lock file, made when absent, not inherited by programs. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, kind: int) -> bool:
    """Take `fcntl.LOCK_EX` or `LOCK_SH` without waiting; False when another holds against it."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def same_file(descriptor: int, path: Path) -> bool:
    """Is the open file still the one at `path`? False after somebody wiped the folder."""
    try:
        here, there = os.fstat(descriptor), path.stat()
    except OSError:
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def lock_shared(path: Path) -> int:
    """A descriptor that holds the lock file at `path` shared. Waits while somebody stops the servers."""
    while True:
        descriptor = open_lock(path)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if same_file(descriptor, path):
            return descriptor
        os.close(descriptor)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock alone; waits for it."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def lock_alone(path: Path, *, seconds: float) -> int | None:
    """A descriptor that holds the lock alone, or None when others still hold it after `seconds`."""
    descriptor = open_lock(path)
    if wait_until(lambda: try_lock(descriptor, fcntl.LOCK_EX), seconds=seconds):
        return descriptor
    os.close(descriptor)
    return None
