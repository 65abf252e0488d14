"""The one error of this package: what failed, why, and how to mend it."""

from __future__ import annotations

import errno
from pathlib import Path

_TAIL_LINES = 12
_TAIL_BYTES = 16_384


class EmbeddedServiceError(RuntimeError):
    """An embedded server cannot be started or stopped. `str()` is fit for a terminal."""

    def __init__(self, problem: str, *, mend: str, log_tail: str = "") -> None:
        self.problem = problem
        self.mend = mend
        self.log_tail = log_tail
        shown = f"\nLast lines of the server's log:\n{log_tail}" if log_tail else ""
        super().__init__(f"{problem}\nTo mend it: {mend}{shown}")


def tail(log: Path) -> str:
    """The last lines of a log file; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:])


def from_os_error(error: OSError, home: Path) -> EmbeddedServiceError:
    """Say in plain words why the operating system refused."""
    where = error.filename or home
    elsewhere = f"or set MPI_HOME to another folder (now {home})"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EmbeddedServiceError(f"The disk is full: {where}.", mend=f"Free some space, {elsewhere}.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return EmbeddedServiceError(
            f"Not permitted: {error.strerror} ({where}).", mend=f"Make it writable for this user, {elsewhere}."
        )
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return EmbeddedServiceError(
            f"A folder is needed where a file stands: {where}.", mend=f"Move that file away, {elsewhere}."
        )
    if error.errno in {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}:
        return EmbeddedServiceError(
            f"The file system of {home} has no file locks.", mend="Set MPI_HOME to a folder on a local disk."
        )
    return EmbeddedServiceError(
        f"The operating system refused: {error}.", mend=f"Mend the cause named above, {elsewhere}."
    )
