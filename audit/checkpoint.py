"""Signed checkpoints: what the log's size and root were at a time, in the form of C2SP tlog-checkpoint.

The note is

    <origin>
    <number of entries>
    <base64 of the root>
    time <RFC 3339>

    — <origin> <base64 of key hash (4 bytes) and Ed25519 signature>

so that any tool that reads signed notes can check one. The signature covers the lines before the empty one.
"""

import base64
import binascii
import os
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.canonical import instant

_SIGNATURE_START = "\u2014 "  # an em dash, by the signed-note format
_ED25519 = b"\x01"


class BadNote(ValueError):
    """A checkpoint note is malformed, or its signature is not the log's."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a checkpoint states: the log `origin` had `size` entries under `root` at `signed_at`."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime


def ensure_signing_key(path: Path) -> None:
    """Make an Ed25519 key (PEM, mode 0600) and its public half beside it (`.pub`) unless they exist.

    Safe when several processes start at once: the first file stands.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _create_once(path, pem, mode=0o600)
    public = public_key_path(path)
    if not public.exists():
        _create_once(public, public_pem(load_signing_key(path).public_key()), mode=0o644)


def public_key_path(path: Path) -> Path:
    """Where the public half of a signing key lies."""
    return path.with_suffix(".pub")


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """The private key of a PEM file. Raises FileNotFoundError, ValueError."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path.name} does not hold an Ed25519 private key.")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The public key of a PEM file. Raises FileNotFoundError, ValueError."""
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{path.name} does not hold an Ed25519 public key.")
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as PEM, to hand to an auditor."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign(statement: Statement, key: Ed25519PrivateKey) -> str:
    """The signed note of a statement."""
    body = _body(statement)
    blob = _key_hash(statement.origin, key.public_key()) + key.sign(body.encode())
    return f"{body}\n{_SIGNATURE_START}{statement.origin} {base64.b64encode(blob).decode()}\n"


def open_note(note: str, key: Ed25519PublicKey) -> Statement:
    """The statement of a note whose signature is good. Raises BadNote."""
    statement = read_note(note)
    _, _, signatures = note.partition("\n\n")
    wanted = _key_hash(statement.origin, key)
    for line in signatures.splitlines():
        blob = _unbase64(line.rpartition(" ")[2])
        if line.startswith(f"{_SIGNATURE_START}{statement.origin} ") and blob[:4] == wanted:
            try:
                key.verify(blob[4:], _body(statement).encode())
            except InvalidSignature:
                raise BadNote(f"The signature of the checkpoint of {statement.size} entries is wrong.") from None
            return statement
    raise BadNote(f"The checkpoint of {statement.size} entries is not signed with the log's key.")


def read_note(note: str) -> Statement:
    """What a note states, its signature unchecked. Raises BadNote."""
    body, gap, _ = note.partition("\n\n")
    lines = body.split("\n")
    if not gap or len(lines) != 4 or not lines[1].isdecimal() or not lines[3].startswith("time "):
        raise BadNote("The checkpoint is not in the form of a signed note.")
    try:
        signed_at = datetime.fromisoformat(lines[3].removeprefix("time "))
    except ValueError:
        raise BadNote("The checkpoint's time is not in the form of RFC 3339.") from None
    return Statement(origin=lines[0], size=int(lines[1]), root=_unbase64(lines[2]), signed_at=signed_at)


def _body(statement: Statement) -> str:
    root = base64.b64encode(statement.root).decode()
    return f"{statement.origin}\n{statement.size}\n{root}\ntime {instant(statement.signed_at)}\n"


def _key_hash(origin: str, key: Ed25519PublicKey) -> bytes:
    """C2SP signed-note: the first four bytes of SHA-256(name || 0x0A || algorithm || public key)."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return sha256(origin.encode() + b"\n" + _ED25519 + raw).digest()[:4]


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadNote("The checkpoint holds text that is not base64.") from None


def _create_once(path: Path, content: bytes, *, mode: int) -> None:
    """Write a whole file under a name of its own, then link it into place: no reader ever sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
