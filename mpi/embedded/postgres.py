"""The embedded PostgreSQL cluster: made once, started, healed, stopped. Call under `start.lock`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mpi.embedded import clusters
from mpi.embedded.binaries import CLEAN_ENVIRONMENT, PostgresBinaries, postgres_binaries
from mpi.embedded.errors import EmbeddedServiceError, tail
from mpi.embedded.layout import POSTGRES_PORT, Account, Layout
from mpi.embedded.locks import lock_alone
from mpi.embedded.processes import end, identity, is_alive, is_server, servers, spawn_detached, wait_until

SUPERUSER = DATABASE = "mpi"
_PROGRAM = "postgres"
# Crash recovery replays at most max_wal_size; a slow disk gets its time.
_READY_S = 300.0
_SETTLE_S = 60.0
_MEMORY_SHARE = 24
_LEAST_BUFFERS_MB, _MOST_BUFFERS_MB = 128, 768
_CLUSTER_NEEDS_BYTES = 250 * 1024**2
_BUILTIN_LOCALE_SINCE = 17

# Everyone who can enter the socket's folder (0700: the caller, or root and the account root lends) could
# read the data files as well, so a password between the two would guard nothing.
_HBA = "local all all trust\n"

_CONF = """\
# Written by mpi.embedded at each start. Use ALTER SYSTEM for settings of your own.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = {shared_buffers}
work_mem = 16MB
maintenance_work_mem = 128MB
# One lock an ingest batch, record and blocking key: far more than the default 64 a transaction.
max_locks_per_transaction = 256
jit = off
# Short transactions gain nothing from parallel plans, and a container's /dev/shm may be too small for them.
max_parallel_workers_per_gather = 0
random_page_cost = 1.1
fsync = on
synchronous_commit = on
# The first change of a page after a checkpoint writes the whole page, and a record touches some forty at random places
# of its indexes. To compress them (the wheels know pglz only) takes longer than all the rest that the server does for
# the record.
wal_compression = off
max_wal_size = 4GB
checkpoint_timeout = 15min
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
# The log never shows values of patients: no statements, no DETAIL (which quotes keys).
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length_on_error = 0
log_checkpoints = off
"""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says (`src/include/utils/pidfile.h`: line 1 pid, line 8 status)."""

    pid: int
    status: str


def postmaster(layout: Layout) -> Postmaster | None:
    """The living server of this cluster; None for a stale pid file, whoever has its number now."""
    try:
        lines = (layout.data_link / "postmaster.pid").read_text().splitlines()
        found = Postmaster(int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting")
    except (OSError, ValueError, IndexError):
        return None
    return found if is_server(found.pid, program=_PROGRAM, mark=layout.tag) else None


def is_up(layout: Layout) -> bool:
    """Alive, recovered, and reachable at the agreed socket. Costs about 0.1 ms."""
    found = postmaster(layout)
    return found is not None and found.status == "ready" and layout.postgres_socket.exists()


def start(layout: Layout) -> None:
    """Bring the server up, whatever state it is in. Raises EmbeddedServiceError, OSError."""
    if _settled(layout):
        return
    stop(layout)
    held = lock_alone(layout.lock("postgres"), seconds=10)
    if held is None:
        raise EmbeddedServiceError(
            f"Processes of an earlier PostgreSQL still hold {layout.home}, and they cannot be ended from here.",
            mend="If another container or machine uses this MPI_HOME, stop it there, or set another MPI_HOME here.",
        )
    try:
        _launch(layout, held)
    finally:
        # The server has inherited it: the lock lasts as long as the last of its processes.
        os.close(held)


def stop(layout: Layout) -> None:
    """Stop the server cleanly, then end whatever is left of it (backends of a killed postmaster)."""
    found = postmaster(layout)
    if found is not None:
        # Fast shutdown (SIGINT) rolls back what is open and checkpoints; SIGQUIT stops without a checkpoint.
        end([found.pid], steps=[(signal.SIGINT, 60), (signal.SIGQUIT, 10)])
    strays = servers(program=_PROGRAM, mark=layout.tag)
    if strays and not end(strays, steps=[(signal.SIGQUIT, 2), (signal.SIGKILL, 10)]):
        raise EmbeddedServiceError(
            f"PostgreSQL processes {strays} of {layout.home} do not end.",
            mend="End them by hand, or wait until the disk they wait for answers.",
        )


def _settled(layout: Layout) -> bool:
    """Wait while a living server starts, recovers or stops; True when it ends up usable."""
    wait_until(
        lambda: (found := postmaster(layout)) is None or found.status == "ready",
        seconds=_READY_S if _starting(layout) else _SETTLE_S,
    )
    return is_up(layout)


def _starting(layout: Layout) -> bool:
    found = postmaster(layout)
    return found is not None and found.status == "starting"


def _launch(layout: Layout, held: int) -> None:
    account = layout.account
    if account.uid == 0:
        raise EmbeddedServiceError(
            "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`.",
            mend="Run as an ordinary user, or `useradd --system postgres`, or set DATABASE_URL.",
        )
    data = clusters.data_dir(layout)
    exists = (data / "PG_VERSION").exists()
    binaries = postgres_binaries(account, major=int((data / "PG_VERSION").read_text()) if exists else None)
    if not exists:
        _make_cluster(data, binaries, layout)
    for stale in (data / "postmaster.pid", layout.postgres_socket, Path(f"{layout.postgres_socket}.lock")):
        stale.unlink(missing_ok=True)
    conf = _CONF.format(port=POSTGRES_PORT, socket_dir=layout.socket_dir, shared_buffers=_shared_buffers())
    _write_as(data / "postgresql.conf", conf, account)
    _write_as(data / "pg_hba.conf", _HBA, account)
    argv = [str(binaries.folder / "postgres"), "-D", str(data), "-c", f"cluster_name={layout.tag}"]
    log = layout.log("postgres")
    pid = spawn_detached(argv, account=account, log=log, environment=CLEAN_ENVIRONMENT, keep_open=[held])
    wait_until(lambda: is_up(layout) or not is_alive(pid), seconds=_READY_S)
    if not is_up(layout):
        raise _start_error(layout, log)


def _start_error(layout: Layout, log: Path) -> EmbeddedServiceError:
    last = tail(log)
    mend = f"Read {log}; `rm -rf {layout.home}` gives a fresh, empty database if nothing in it is of worth."
    if "No space left on device" in last:
        mend = f"The disk is full: free some space, or set MPI_HOME to another disk (now {layout.home})."
    return EmbeddedServiceError("The embedded PostgreSQL does not start.", mend=mend, log_tail=last)


def _shared_buffers() -> str:
    """A page that is not held there is copied from the system's cache: a tenth of the work for a record otherwise."""
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024**2
    return f"{min(max(memory_mb // _MEMORY_SHARE, _LEAST_BUFFERS_MB), _MOST_BUFFERS_MB)}MB"


def _make_cluster(data: Path, binaries: PostgresBinaries, layout: Layout) -> None:
    """initdb and the empty database, in a draft that becomes `data` only when it is complete."""
    free = shutil.disk_usage(data.parent).free
    if free < _CLUSTER_NEEDS_BYTES:
        raise EmbeddedServiceError(
            f"Only {free // 1024**2} MB are free at {data.parent}; a new database needs "
            f"{_CLUSTER_NEEDS_BYTES // 1024**2} MB.",
            mend="Free some space, or set MPI_HOME to a folder on another disk.",
        )
    if binaries.major >= _BUILTIN_LOCALE_SINCE:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    else:
        locale = ["--locale=C.UTF-8"]
    for left in data.parent.glob(f"{data.name}.draft-*"):
        shutil.rmtree(left)
    draft = Path(tempfile.mkdtemp(prefix=f"{data.name}.draft-", dir=data.parent))
    _give(draft, layout.account)
    options = ["--encoding=UTF8", f"--username={SUPERUSER}", "--auth=trust", "--no-instructions", *locale]
    log = layout.log("postgres")
    _run_as(layout.account, [str(binaries.folder / "initdb"), "-D", str(draft), *options], log=log)
    _run_as(
        layout.account,
        [str(binaries.folder / "postgres"), "--single", "-D", str(draft), "template1"],
        log=log,
        told=f"CREATE DATABASE {DATABASE} OWNER {SUPERUSER}\n",
    )
    if data.exists():
        data.rmdir()
    draft.rename(data)


def _run_as(account: Account, argv: list[str], *, log: Path, told: str = "") -> None:
    with log.open("ab") as out:
        result = subprocess.run(  # noqa: S603
            argv,
            input=told.encode(),
            stdout=out,
            stderr=out,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            umask=0o077,
            check=False,
            **identity(account),
        )
    if result.returncode:
        raise EmbeddedServiceError(
            f"PostgreSQL's {Path(argv[0]).name} failed while it made the database.",
            mend=f"Free disk space if it is short; else read {log}.",
            log_tail=tail(log),
        )


def _give(path: Path, account: Account) -> None:
    if account.switched:
        os.chown(path, account.uid, account.gid)


def _write_as(path: Path, text: str, account: Account) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text)
    draft.chmod(0o600)
    _give(draft, account)
    draft.replace(path)
