"""Keys of the downtime files, apart from the vault's: who looks up in a snapshot holds no key of the index."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from mpi import vault


@lru_cache(maxsize=1)
def downtime_keys() -> vault.Keys:
    """The key material of this installation's downtime files, made at first need, read once a process."""
    told = settings.MPI_DOWNTIME_KEYS
    if not told:
        path = Path(settings.MPI_DOWNTIME_KEYS_FILE)
        if not path.exists():
            vault.create_keys(path)
        told = path.read_text()
    return vault.read_keys(told)
