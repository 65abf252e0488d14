"""The embedded Valkey: broker and cache, nothing precious in it. Call under `start.lock`."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from pathlib import Path

from mpi.embedded.binaries import CLEAN_ENVIRONMENT, valkey_binary
from mpi.embedded.errors import EmbeddedServiceError, tail
from mpi.embedded.layout import Layout
from mpi.embedded.processes import command_line, end, is_alive, servers, spawn_detached, wait_until

_READY_S = 30.0
# Losing the queue costs a delay (PostgreSQL is the queue of truth), so nothing is written to disk.
# A save on demand would go to `dir`, which must be a path without quotes.
_CONF = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
save ""
appendonly no
daemonize no
loglevel warning
set-proc-title no
"""


def is_up(layout: Layout) -> bool:
    """Alive and reachable at the agreed socket: the pid file is written once the server has answered."""
    pid = _pid(layout)
    return pid is not None and str(layout.valkey_conf) in command_line(pid) and layout.valkey_socket.exists()


def start(layout: Layout) -> None:
    """Bring the server up. Raises EmbeddedServiceError, OSError."""
    if is_up(layout):
        return
    stop(layout)
    program = valkey_binary()
    layout.valkey_dir.mkdir(mode=0o700, exist_ok=True)
    layout.valkey_socket.unlink(missing_ok=True)
    layout.valkey_conf.write_text(_CONF.format(socket=layout.valkey_socket, folder=layout.socket_dir))
    log = layout.log("valkey")
    argv = [str(program), str(layout.valkey_conf)]
    pid = spawn_detached(argv, account=None, log=log, environment=CLEAN_ENVIRONMENT)
    wait_until(lambda: _answers(layout.valkey_socket) or not is_alive(pid), seconds=_READY_S)
    if not _answers(layout.valkey_socket):
        raise EmbeddedServiceError(
            "The embedded Valkey does not start.",
            mend=f"Read {log}, or set REDIS_URL to a server that runs already.",
            log_tail=tail(log),
        )
    draft = layout.valkey_pid.with_suffix(".draft")
    draft.write_text(str(pid))
    draft.replace(layout.valkey_pid)


def stop(layout: Layout) -> None:
    """End every Valkey of this home: the known one and strays of a wiped home."""
    found = [pid for name in ("valkey-server", "redis-server") for pid in servers(program=name, mark=_mark(layout))]
    if not end(found, steps=[(signal.SIGTERM, 5), (signal.SIGKILL, 5)]):
        raise EmbeddedServiceError(f"Valkey processes {found} do not end.", mend="End them by hand.")
    with contextlib.suppress(FileNotFoundError):
        layout.valkey_pid.unlink()


def _mark(layout: Layout) -> str:
    return str(layout.valkey_conf)


def _pid(layout: Layout) -> int | None:
    try:
        return int(layout.valkey_pid.read_text())
    except (OSError, ValueError):
        return None


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(os.fspath(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
