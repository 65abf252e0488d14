"""The database remembers under which index key it was written: another key would hide every blocking key."""

from __future__ import annotations

from mpi import vault
from mpi.errors import ServiceDown
from mpi.models import KeyFingerprint

_NAME = "index-key"


def remember_own_key() -> None:
    """Write the fingerprint of our key down, once a database. Raises ServiceDown when it has another."""
    KeyFingerprint.objects.get_or_create(name=_NAME, defaults={"fingerprint": vault.fingerprint()})
    require_own_key()


def require_own_key() -> None:
    """Raise ServiceDown when the database was written under another key than ours."""
    known = KeyFingerprint.objects.filter(name=_NAME).values_list("fingerprint", flat=True).first()
    if known is not None and known != vault.fingerprint():
        raise ServiceDown(
            "This database was written under another index key. Give the right one in MPI_VAULT_KEYS "
            "(or MPI_VAULT_KEYS_FILE), or the MPI_HOME that holds it; nothing was changed."
        )
