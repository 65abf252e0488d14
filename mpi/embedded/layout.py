"""Where everything of one MPI_HOME lies, and which user runs PostgreSQL. Nothing here changes anything."""

from __future__ import annotations

import functools
import hashlib
import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path

# struct sockaddr_un holds 108 bytes with the closing NUL (unix(7)).
_SOCKET_PATH_MAX = 107
# Characters that libpq (a comma separates hosts), redis URLs and postgresql.conf all take as they are.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./@+-]+")
POSTGRES_PORT = 5432


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system user that runs PostgreSQL. `switched`: it is not the caller."""

    name: str
    uid: int
    gid: int
    switched: bool


@functools.cache
def postgres_account(uid: int) -> Account:
    """PostgreSQL refuses to run as uid 0: root lends it `postgres`, else `nobody`; others run it themselves.

    When root finds neither, the account is root's own, which `lifecycle` refuses with a message.
    """
    if uid == 0:
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, switched=True)
    return Account(name=str(uid), uid=uid, gid=os.getegid(), switched=False)


def can_enter(path: Path, account: Account) -> bool:
    """May `account` walk into `path`? By permission bits; parts that do not exist yet count as open."""
    for part in (*reversed(path.parents), path):
        try:
            found = part.stat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        if found.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif found.st_gid == account.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not found.st_mode & needed:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one MPI_HOME. `tag` marks its processes, so that strays are known by their command line."""

    home: Path
    tag: str
    account: Account
    socket_dir: Path

    @property
    def data_link(self) -> Path:
        """The database cluster: a folder, or a symlink to one that the PostgreSQL user can reach."""
        return self.home / "postgres"

    @property
    def valkey_dir(self) -> Path:
        return self.home / "valkey"

    @property
    def valkey_conf(self) -> Path:
        return self.valkey_dir / "valkey.conf"

    @property
    def valkey_pid(self) -> Path:
        return self.valkey_dir / "valkey.pid"

    @property
    def postgres_socket(self) -> Path:
        return self.socket_dir / f".s.PGSQL.{POSTGRES_PORT}"

    @property
    def valkey_socket(self) -> Path:
        return self.socket_dir / "valkey.sock"

    def log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    def lock(self, name: str) -> Path:
        return self.home / "locks" / f"{name}.lock"


def layout_of(home: Path) -> Layout:
    """The layout of `home`; the same answer before and after the folders exist."""
    real = Path(os.path.realpath(home))
    tag = "mpi-" + hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
    account = postgres_account(os.geteuid())
    run = real / "run"
    longest = len(os.fsencode(run / f".s.PGSQL.{POSTGRES_PORT}"))
    if longest > _SOCKET_PATH_MAX or not _PLAIN_PATH.fullmatch(str(run)) or not can_enter(real, account):
        run = Path("/tmp") / f"{tag}-{account.uid}"  # noqa: S108 -- made 0700, its owner checked
    return Layout(home=real, tag=tag, account=account, socket_dir=run)
