"""A file of encrypted parts that can be neither altered, reordered, nor cut off unseen.

    magic | header, one JSON line | parts, each 4 bytes of length and then nonce, ciphertext and tag

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce a part. The associated data of a part is the hash of the
header, its number and whether it is the last one (STREAM: Hoang, Reyhanitabar, Rogaway and Vizar 2015). The header
stands in clear: it names the key, never its material, and tells nothing of a patient.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mpi.errors import InvalidInput
from mpi.vault import Keys

MAGIC = b"MPI downtime 1\n"
_LENGTH = struct.Struct(">I")
_NONCE_BYTES = 12
_MOST_HEADER = 4_096
_MOST_PART = 64 << 20


def header_line(told: Mapping[str, object], keys: Keys) -> bytes:
    """The header with the name of the key that seals what follows."""
    return json.dumps({**told, "key": keys.active}, sort_keys=True).encode() + b"\n"


def read_header(file: BinaryIO) -> tuple[bytes, dict[str, Any]]:
    """The header line and what it says. Raises InvalidInput for a file of another kind."""
    if file.read(len(MAGIC)) != MAGIC:
        raise InvalidInput("This is no downtime file of this index.")
    line = file.readline(_MOST_HEADER)
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise InvalidInput("The header of the downtime file is damaged.") from error
    if not isinstance(told, dict) or not isinstance(told.get("key"), str):
        raise InvalidInput("The header of the downtime file is damaged.")
    return line, told


class Sealer:
    """Seals and opens the parts of one file, by number."""

    def __init__(self, header: bytes, keys: Keys) -> None:
        """Raises InvalidInput where the key that the header names is not at hand."""
        name = json.loads(header)["key"]
        if name not in keys.field_keys:
            raise InvalidInput(
                f"The file is sealed under the key “{name}”, which is not among the downtime keys of this machine; "
                "bring the key file of the index here (MPI_DOWNTIME_KEYS_FILE)."
            )
        self._cipher = AESGCM(keys.field_keys[name])
        self._header = hashlib.sha256(header).digest()

    def seal(self, plain: bytes, number: int, *, last: bool = False) -> bytes:
        """The part as it stands in the file, with its length before it."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, plain, self._place(number, last=last))
        return _LENGTH.pack(len(sealed)) + sealed

    def open(self, sealed: bytes, number: int, *, last: bool = False) -> bytes:
        """The inverse, without the length. Raises InvalidInput for a part that is not this one, or is damaged."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._place(number, last=last))
        except InvalidTag as error:
            raise InvalidInput(f"Part {number} of the downtime file was altered, moved or cut off.") from error

    def _place(self, number: int, *, last: bool) -> bytes:
        return self._header + number.to_bytes(8, "big") + (b"last" if last else b"more")


def write_sealed(path: Path, told: Mapping[str, object], parts: Iterable[bytes], keys: Keys) -> str:
    """Write a whole file; under its name only when it is complete. Returns its SHA-256.

    Raises InvalidInput when it cannot be written.
    """
    header = header_line(told, keys)
    sealer, digest = Sealer(header, keys), hashlib.sha256()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for piece in (MAGIC, header):
                file.write(piece)
                digest.update(piece)
            for number, (part, last) in enumerate(_marked(parts)):
                sealed = sealer.seal(part, number, last=last)
                file.write(sealed)
                digest.update(sealed)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise InvalidInput(f"The file {path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return digest.hexdigest()


def _marked(parts: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each part, and whether it is the last one."""
    held: bytes | None = None
    for part in parts:
        if held is not None:
            yield held, False
        held = part
    if held is not None:
        yield held, True


def read_sealed(path: Path, keys: Keys) -> Iterator[bytes]:
    """The parts in order. Raises InvalidInput where anything was altered, or the end is missing."""
    try:
        with path.open("rb") as file:
            header, _ = read_header(file)
            sealer = Sealer(header, keys)
            parts = enumerate(_marked(raw_parts(file)))
            for number, (sealed, last) in parts:
                yield sealer.open(sealed, number, last=last)
    except OSError as error:
        raise InvalidInput(f"The file {path} cannot be read: {error.strerror}.") from error


def raw_parts(file: BinaryIO) -> Iterator[bytes]:
    """Sealed parts without their lengths, as far as they are whole."""
    while len(length := file.read(_LENGTH.size)) == _LENGTH.size:
        (size,) = _LENGTH.unpack(length)
        sealed = file.read(size) if size <= _MOST_PART else b""
        if len(sealed) != size:
            return
        yield sealed
