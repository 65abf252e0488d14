"""The Merkle tree of RFC 9162 §2.1 (SHA-256): hashes, roots, proofs and their verification. Pure functions.

A *node* is a complete subtree, named (level, position): it covers the leaves [position * 2^level,
(position + 1) * 2^level). A *range* [low, high) is any subtree that occurs in a tree of some size; it is made of
nodes. Proofs are first found as ranges, so that the caller may fetch all the nodes they need at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

EMPTY_ROOT = sha256(b"").digest()
STORED_STEP = 4  # of the complete subtrees, only those of every fourth level are kept


class NodeKey(NamedTuple):
    """Where a complete subtree stands."""

    level: int
    position: int


class Range(NamedTuple):
    """Leaves `low` (inclusive) to `high` (exclusive) of a subtree."""

    low: int
    high: int


def is_stored(key: NodeKey) -> bool:
    """Whether a complete subtree above the leaves is one of those that are kept."""
    return key.level % STORED_STEP == 0


def leaf_hash(data: bytes) -> bytes:
    """RFC 9162 §2.1.1: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 §2.1.1: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: its complete subtrees, largest first. Appending costs O(1) on average."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """`peaks`: one hash for each set bit of `size`, largest subtree first (see `range_nodes`)."""
        self.size = size
        self._peaks = list(peaks)
        if len(self._peaks) != size.bit_count():
            raise ValueError(f"A tree of {size} leaves has {size.bit_count()} peaks, not {len(self._peaks)}.")

    def append(self, leaf: bytes) -> list[tuple[NodeKey, bytes]]:
        """Add a leaf hash; answer the subtrees of level 1 and more that it completed, lowest first."""
        level, position, digest = 0, self.size, leaf
        completed = []
        while position & 1:
            digest = node_hash(self._peaks.pop(), digest)
            level, position = level + 1, position >> 1
            completed.append((NodeKey(level, position), digest))
        self._peaks.append(digest)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The tree's root; SHA-256 of nothing for an empty tree."""
        return fold(self._peaks) if self._peaks else EMPTY_ROOT


def fold(peaks: Sequence[bytes]) -> bytes:
    """One hash from the complete subtrees of a range, largest first. Raises IndexError for none."""
    digest = peaks[-1]
    for peak in reversed(peaks[:-1]):
        digest = node_hash(peak, digest)
    return digest


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes (RFC 9162 §2.1.1, MTH)."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def range_nodes(span: Range) -> list[NodeKey]:
    """The complete subtrees that make up a range, largest first."""
    nodes = []
    low, length = span.low, span.high - span.low
    for level in reversed(range(length.bit_length())):
        if length >> level & 1:
            nodes.append(NodeKey(level, low >> level))
            low += 1 << level
    return nodes


def range_hash(span: Range, nodes: Mapping[NodeKey, bytes]) -> bytes:
    """The hash of a range from its nodes. Raises KeyError if one is missing."""
    return fold([nodes[key] for key in range_nodes(span)])


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The siblings that prove leaf `index` of a tree of `size`, lowest first (RFC 9162 §2.1.3.1, PATH)."""
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} in a tree of {size}.")
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(Range(middle, high))
            high = middle
        else:
            path.append(Range(low, middle))
            low = middle
    return path[::-1]


def consistency_ranges(old_size: int, size: int) -> list[Range]:
    """The subtrees that prove a tree of `size` to extend one of `old_size` (RFC 9162 §2.1.4.1, PROOF)."""
    if not 0 < old_size <= size:
        raise ValueError(f"A tree of {size} cannot extend one of {old_size}.")
    low, high, whole, path = 0, size, True, []
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(Range(middle, high))
            high = middle
        else:
            path.append(Range(low, middle))
            low, whole = middle, False
    if not whole:
        path.append(Range(low, high))
    return path[::-1]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that `leaf` is leaf `index` under `root` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, digest = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = node_hash(sibling, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and digest == root


def verify_consistency(*, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows the tree `root` to extend the tree `old_root` (RFC 9162 §2.1.4.2)."""
    if old_size == size:
        return not proof and old_root == root
    if not 0 < old_size < size or not proof:
        return False
    steps = list(proof)
    if old_size & (old_size - 1) == 0:  # a power of two is a complete subtree: its root is known
        steps.insert(0, old_root)
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_digest = digest = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_digest, digest = node_hash(step, old_digest), node_hash(step, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old_digest == old_root and digest == root


def _split(length: int) -> int:
    """The largest power of two below `length` (RFC 9162 §2.1.1)."""
    return 1 << ((length - 1).bit_length() - 1)
