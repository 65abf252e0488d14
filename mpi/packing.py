"""Decision documents, compressed before they are encrypted: zlib (RFC 1950) with a preset dictionary (its §2.2).

The dictionary are two documents of made-up people, as the engine writes them: what all such documents have in common
need not stand in each, which makes them a quarter as long. What is stored can only be read with the same words, so
the file never changes: other words would be another file beside it.
"""

from __future__ import annotations

import zlib
from pathlib import Path

_WORDS = Path(__file__).with_name("decision_words.txt").read_bytes()
_LEVEL, _MEMORY_LEVEL = 2, 5
_WINDOW_BITS = 13
"""8 kB: the words and a document. To set up the usual 32 kB takes several times as long as the work itself."""
_PACKER = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, _WORDS)
"""Has read the words, which takes as long as a document: each packs with a copy of it."""


def packed(document: bytes) -> bytes:
    """A document, compressed."""
    packer = _PACKER.copy()
    return packer.compress(document) + packer.flush()


def unpacked(stored: bytes) -> bytes:
    """The inverse of `packed`; reads what was compressed without the words as well. Raises zlib.error."""
    return zlib.decompressobj(zdict=_WORDS).decompress(stored)
