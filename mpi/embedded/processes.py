"""Processes as /proc shows them: known by command line, started detached, ended in steps.

Command lines are readable where `cwd` and `exe` of another user's process are not (a container's
root without CAP_SYS_PTRACE), so they are what a server is recognised by.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from mpi.embedded.layout import Account

_POLL_S = 0.01


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that make a child another user."""

    user: int
    group: int
    extra_groups: list[int]


def identity(account: Account) -> Identity:
    """Become `account`, with none of the caller's groups; nothing when it is the caller."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account.switched else {}


def command_line(pid: int) -> str:
    """The arguments, NUL replaced by newline; empty when the process is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").replace("\0", "\n")
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether the process runs, whatever it is: between fork and exec it is not yet what it will be. No zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def is_server(pid: int, *, program: str, mark: str) -> bool:
    """Is `pid` alive, run from `program`, and ours by `mark` in its command line?"""
    if mark not in command_line(pid):
        return False
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == program
    except OSError:
        return False


def servers(*, program: str, mark: str) -> list[int]:
    """Every living process of `program` that carries `mark`."""
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [pid for pid in pids if is_server(pid, program=program, mark=mark)]


def wait_until(done: Callable[[], bool], *, seconds: float) -> bool:
    """Poll until `done` or the time is over; the last answer."""
    end = time.monotonic() + seconds
    while not (answer := done()) and time.monotonic() < end:
        time.sleep(_POLL_S)
    return answer


def end(pids: Sequence[int], *, steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn until all are gone, waiting its seconds. True when none is left."""
    left = list(pids)

    def gone() -> bool:
        left[:] = [pid for pid in left if command_line(pid)]
        return not left

    for number, seconds in steps:
        for pid in left:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        if wait_until(gone, seconds=seconds):
            return True
    return gone()


def spawn_detached(
    argv: Sequence[str],
    *,
    account: Account | None,
    log: Path,
    environment: Mapping[str, str],
    keep_open: Sequence[int] = (),
) -> int:
    """Start a program in a session of its own, re-parented at once, writing to `log`; its pid.

    It holds none of the caller's pipes or terminals. `account` is the user to become (None: stay).
    The log is opened here, so that user need not be able to reach it. Raises OSError.
    """
    become = identity(account) if account else Identity()
    with log.open("ab") as out:
        started = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", '"$@" </dev/null 1>&2 & echo $!', "sh", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=out,
            start_new_session=True,
            cwd="/",
            env=dict(environment),
            pass_fds=tuple(keep_open),
            umask=0o077,
            check=True,
            **become,
        )
    return int(started.stdout)
