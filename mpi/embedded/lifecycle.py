"""Who uses the servers, and from when until when they run.

Each process that asked for a server holds `users.lock` shared until it ends, however it ends. The last
one to leave stops both servers on its way out; if it was killed, the keeper (one small process that
waits for that lock) does it. So nothing is left running, and nobody's server is taken away.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from mpi.embedded import clusters, postgres, valkey
from mpi.embedded.errors import EmbeddedServiceError, from_os_error
from mpi.embedded.layout import POSTGRES_PORT, Layout, layout_of
from mpi.embedded.locks import exclusive, lock_alone, lock_shared, open_lock, same_file, try_lock
from mpi.embedded.processes import spawn_detached

_LOG_KEPT_BYTES = 5 * 1024**2


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach the embedded servers: Unix sockets only."""

    database: dict[str, str]
    """HOST, PORT, NAME, USER and PASSWORD for Django."""
    redis_url: str
    """For redis-py."""
    broker_url: str
    """For Celery."""


_mutex = threading.Lock()
_held: dict[Path, int] = {}
# A child of fork must neither inherit a held mutex nor a half-taken lock.
os.register_at_fork(before=_mutex.acquire, after_in_parent=_mutex.release, after_in_child=_mutex.release)


def addresses(home: Path) -> Addresses:
    """Where the servers of `home` are, or will be. Starts and changes nothing."""
    return _addresses(layout_of(home))


def ensure_running(home: Path, *, postgres: bool = True, valkey: bool = True) -> Addresses:
    """Start what does not run; heal what was killed. Safe from any number of processes and threads.

    Costs about 0.2 ms when all is up. The servers stay for as long as any caller lives.
    Raises EmbeddedServiceError.
    """
    layout = layout_of(home)
    try:
        with _mutex:
            _hold(layout)
            if not _all_up(layout, want_postgres=postgres, want_valkey=valkey):
                with exclusive(layout.lock("start")):
                    _start(layout, want_postgres=postgres, want_valkey=valkey)
    except OSError as error:
        raise from_os_error(error, layout.home) from error
    return _addresses(layout)


def is_running(home: Path, *, postgres: bool = True, valkey: bool = True) -> bool:
    """Are the named servers up? Starts nothing."""
    return _all_up(layout_of(home), want_postgres=postgres, want_valkey=valkey)


def stop(home: Path) -> None:
    """Stop both servers, whoever uses them. Their next user starts them again. Raises EmbeddedServiceError."""
    layout = layout_of(home)
    try:
        if layout.lock("start").exists():
            with exclusive(layout.lock("start")):
                stop_servers(layout)
        else:
            stop_servers(layout)
    except OSError as error:
        raise from_os_error(error, layout.home) from error


def remove(home: Path) -> None:
    """Stop both servers and delete their data, also what lies outside `home`. Raises EmbeddedServiceError."""
    stop(home)
    layout = layout_of(home)
    try:
        clusters.remove(layout)
        for folder in (layout.socket_dir, layout.valkey_dir, layout.lock("users").parent):
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise from_os_error(error, layout.home) from error


def stop_servers(layout: Layout) -> None:
    """Stop both servers; call with `start.lock` or as the only user."""
    valkey.stop(layout)
    postgres.stop(layout)


def _addresses(layout: Layout) -> Addresses:
    return Addresses(
        database={
            "HOST": str(layout.socket_dir),
            "PORT": str(POSTGRES_PORT),
            "NAME": postgres.DATABASE,
            "USER": postgres.SUPERUSER,
            "PASSWORD": "",
        },
        redis_url=f"unix://{layout.valkey_socket}?db=0",
        broker_url=f"redis+socket://{layout.valkey_socket}?virtual_host=0",
    )


def _all_up(layout: Layout, *, want_postgres: bool, want_valkey: bool) -> bool:
    return (not want_postgres or postgres.is_up(layout)) and (not want_valkey or valkey.is_up(layout))


def _start(layout: Layout, *, want_postgres: bool, want_valkey: bool) -> None:
    _make_socket_dir(layout)
    for name in ("postgres", "valkey", "keeper"):
        _shorten(layout.log(name))
    if want_postgres:
        postgres.start(layout)
    if want_valkey:
        valkey.start(layout)
    _start_keeper(layout)


def _hold(layout: Layout) -> None:
    """Be a user of this home, from now until the process ends."""
    lock = layout.lock("users")
    known = _held.get(layout.home)
    if known is not None and same_file(known, lock):
        return
    for folder in (layout.home, layout.lock("users").parent, layout.log("postgres").parent):
        _make_folder(folder, mode=0o711 if folder == layout.home and layout.account.switched else 0o700)
    if not _held:
        atexit.register(_leave)
    # A lock of a wiped home is left open on purpose: its number may be somebody else's by now.
    _held[layout.home] = lock_shared(lock)


def _leave() -> None:
    """At exit: the last user stops the servers, and waits while the keeper does so in its place."""
    for home, descriptor in list(_held.items()):
        layout = layout_of(home)
        if not same_file(descriptor, layout.lock("users")):
            continue
        os.close(descriptor)
        mine = open_lock(layout.lock("users"))
        if try_lock(mine, fcntl.LOCK_EX):
            stop_servers(layout)
        elif not try_lock(mine, fcntl.LOCK_SH):
            fcntl.flock(mine, fcntl.LOCK_SH)
        os.close(mine)
    _held.clear()


def _make_folder(folder: Path, *, mode: int) -> None:
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(mode=mode, exist_ok=True)
        # mkdir obeys the umask, and root's PostgreSQL user must get through.
        part.chmod(mode)
    if not folder.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(folder))


def _make_socket_dir(layout: Layout) -> None:
    """A folder that only the PostgreSQL user, and root above it, can enter. Raises EmbeddedServiceError."""
    folder, account = layout.socket_dir, layout.account
    try:
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)
        if account.switched:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    found = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or found.st_uid != account.uid or found.st_mode & 0o077:
        raise EmbeddedServiceError(
            f"{folder} is not a folder of {account.name} alone (0700), so its sockets could be another's.",
            mend=f"Remove it, or set another MPI_HOME (now {layout.home}).",
        )


def _shorten(log: Path) -> None:
    """Start a log anew when it has grown; the one before is kept."""
    if log.exists() and log.stat().st_size > _LOG_KEPT_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _start_keeper(layout: Layout) -> None:
    alone = lock_alone(layout.lock("keeper"), seconds=0)
    if alone is None:
        return
    os.close(alone)
    root = Path(__file__).parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-P", "-m", "mpi.embedded.keeper", str(layout.home)]
    spawn_detached(argv, account=None, log=layout.log("keeper"), environment=environment)
