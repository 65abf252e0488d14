"""Where a database cluster lies: under MPI_HOME, or, for root, where its PostgreSQL user can reach it.

A cluster outside is reached by the symlink MPI_HOME/postgres and remembers its MPI_HOME in a file
beside it. `rm -rf MPI_HOME` takes the symlink away: the next start finds the orphan and removes it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
from pathlib import Path

from mpi.embedded.binaries import SHARED_BASES, shared_base
from mpi.embedded.errors import EmbeddedServiceError
from mpi.embedded.layout import Layout, can_enter
from mpi.embedded.processes import end, servers


def data_dir(layout: Layout) -> Path:
    """The cluster's real folder, its parent made; the folder itself is absent before initdb.

    Raises EmbeddedServiceError when it belongs to another user, OSError.
    """
    link = layout.data_link
    if layout.account.switched:
        _remove_orphans(layout)
    if link.is_symlink() and not link.exists():
        link.unlink()
    if link.exists():
        return _owned(link.resolve(), layout)
    if not layout.account.switched or can_enter(layout.home, layout.account):
        return link
    place = shared_base(layout.account) / f"cluster-{layout.tag}-{secrets.token_hex(4)}"
    place.mkdir(mode=0o711)
    place.chmod(0o711)
    data = place / "data"
    data.mkdir(mode=0o700)
    os.chown(data, layout.account.uid, layout.account.gid)
    link.symlink_to(data)
    # Last, so that no other start takes an unfinished cluster for an orphan.
    home = {"home": str(layout.home), "device": layout.home.stat().st_dev}
    (place / "home.json").write_text(json.dumps(home))
    return data


def remove(layout: Layout) -> None:
    """Delete the cluster, wherever it lies. Call when the server is stopped. Raises OSError."""
    link = layout.data_link
    outside = link.is_symlink()
    data = link.resolve()
    if data.exists():
        shutil.rmtree(data.parent if outside else data)
    if outside:
        link.unlink()


def _owned(data: Path, layout: Layout) -> Path:
    owner = data.stat().st_uid
    if owner != layout.account.uid:
        raise EmbeddedServiceError(
            f"The database in {data} belongs to user id {owner}, not to {layout.account.name}.",
            mend=f"Run as the user that made it, or set another MPI_HOME (now {layout.home}).",
        )
    return data


def _remove_orphans(layout: Layout) -> None:
    """Remove clusters whose MPI_HOME was deleted.

    A home that is merely absent with its disk keeps its cluster: the nearest folder that still exists
    must be on the device the home was on.
    """
    for note in (note for base in SHARED_BASES for note in base.glob("cluster-*/home.json")):
        try:
            told = json.loads(note.read_text())
            home, device = Path(told["home"]), int(told["device"])
        except (OSError, ValueError, KeyError):
            continue
        place = note.parent
        if (home / "postgres").resolve() == place / "data":
            continue
        nearest = next(folder for folder in (home, *home.parents) if folder.exists())
        if nearest.stat().st_dev != device:
            continue
        tag = place.name.removeprefix("cluster-").rpartition("-")[0]
        if end(servers(program="postgres", mark=tag), steps=[(signal.SIGQUIT, 2), (signal.SIGKILL, 10)]):
            shutil.rmtree(place, ignore_errors=True)
