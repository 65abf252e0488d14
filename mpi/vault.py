"""Field encryption and keyed hashes: the only file that touches key material.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the key id travels with the value and the
associated data is `field|record`, so that a ciphertext cannot be moved to another field or record.
Blind indexes are HMAC-SHA-256 under a key of their own: equal values are visible, values are not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE_BYTES = 12
_TEXT_PREFIX = "enc:"


class VaultError(Exception):
    """A value cannot be decrypted: wrong key, wrong place or damaged."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The loaded key material. `active` names the field key that new values are written under."""

    active: str
    field_keys: dict[str, bytes]
    index_key: bytes


def create_keys(path: Path) -> None:
    """Write a fresh key file (0600) unless there is one. Safe when several processes try at once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    document = {
        "active": "k1",
        "field_keys": {"k1": base64.b64encode(os.urandom(32)).decode()},
        "index_key": base64.b64encode(os.urandom(32)).decode(),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # atomic and refuses to replace: the first process wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()


@lru_cache(maxsize=1)
def keys() -> Keys:
    """The key material of this installation, read once a process."""
    told = settings.MPI_VAULT_KEYS
    if not told:
        path = Path(settings.MPI_VAULT_KEYS_FILE)
        if not path.exists():
            create_keys(path)
        told = path.read_text()
    return read_keys(told)


def read_keys(told: str) -> Keys:
    """The key material that a key file holds."""
    document = json.loads(told)
    return Keys(
        active=document["active"],
        field_keys={name: base64.b64decode(key) for name, key in document["field_keys"].items()},
        index_key=base64.b64decode(document["index_key"]),
    )


@lru_cache(maxsize=8)
def _cipher(name: str) -> AESGCM:
    try:
        return AESGCM(keys().field_keys[name])
    except KeyError:
        raise VaultError(f"The field key {name} is not among the configured keys.") from None


def encrypt(plain: bytes, *, field: str, record: str) -> bytes:
    """key id | NUL | nonce | ciphertext and tag."""
    name = keys().active
    nonce = os.urandom(_NONCE_BYTES)
    return name.encode() + b"\0" + nonce + _cipher(name).encrypt(nonce, plain, f"{field}|{record}".encode())


def decrypt(stored: bytes | memoryview, *, field: str, record: str) -> bytes:
    """The inverse of `encrypt`. Raises VaultError."""
    name, _, rest = bytes(stored).partition(b"\0")
    try:
        return _cipher(name.decode()).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], f"{field}|{record}".encode())
    except (InvalidTag, UnicodeDecodeError) as error:
        raise VaultError(f"The stored {field} cannot be decrypted.") from error


def encrypt_text(plain: str, *, field: str, record: str) -> str:
    """As `encrypt`, as text that can stand inside a JSON document."""
    return _TEXT_PREFIX + base64.b64encode(encrypt(plain.encode(), field=field, record=record)).decode()


def decrypt_text(stored: str, *, field: str, record: str) -> str:
    """The inverse of `encrypt_text`. Raises VaultError."""
    if not stored.startswith(_TEXT_PREFIX):
        raise VaultError(f"The stored {field} is not a ciphertext.")
    return decrypt(base64.b64decode(stored[len(_TEXT_PREFIX) :]), field=field, record=record).decode()


def is_encrypted(stored: str) -> bool:
    """Whether a text of a document is a ciphertext of `encrypt_text`."""
    return stored.startswith(_TEXT_PREFIX)


def blind_index(kind: str, value: str) -> bytes:
    """32 bytes that are equal when two values of one kind are equal."""
    keyed = _keyed_index().copy()  # half the time of `hmac.digest`, which looks the algorithm up and sets the key anew
    keyed.update(f"{kind}|{value}".encode())
    return keyed.digest()


def blind_index_under(key: bytes, kind: str, value: str) -> bytes:
    """As `blind_index`, under another key than that of the index."""
    return hmac.digest(key, f"{kind}|{value}".encode(), "sha256")


@lru_cache(maxsize=1)
def _keyed_index() -> hmac.HMAC:
    return hmac.new(keys().index_key, digestmod="sha256")


def blocking_hash(rule: str, value: str) -> int:
    """A keyed signed 64-bit hash of one blocking key, as stored in the index."""
    keyed = _keyed_block().copy()
    keyed.update(f"{rule}|{value}".encode())
    return int.from_bytes(keyed.digest(), "big", signed=True)


@lru_cache(maxsize=1)
def _keyed_block() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=8, key=keys().index_key)


def fingerprint() -> str:
    """Names the index key without telling it: stored in the database, so that a wrong key is noticed at once."""
    return blind_index("fingerprint", "index-key").hex()[:16]
