"""The stored Merkle tree: which nodes are kept, and proofs from them in O(log n) reads.

Leaves are the sealed entries. Of the complete subtrees above only every fourth level is kept (`STORED_STEP`: one
row for 15 leaves instead of one for each); the levels between are folded from at most eight kept ones.
"""

from collections.abc import Iterable, Sequence

from django.db import connection

from audit.merkle import (
    STORED_STEP,
    Frontier,
    NodeKey,
    Range,
    consistency_ranges,
    inclusion_ranges,
    node_hash,
    range_hash,
    range_nodes,
)


def load_frontier(size: int) -> Frontier:
    """The right edge of the first `size` leaves, ready to grow."""
    keys = range_nodes(Range(0, size))
    nodes = read_nodes(keys)
    return Frontier(size, [nodes[key] for key in keys])


def root_at(size: int) -> bytes:
    """The root the log had when it held `size` entries. Raises MissingNodes if the stored tree is shorter."""
    return load_frontier(size).root()


def inclusion_proofs(indexes: Sequence[int], size: int) -> list[list[bytes]]:
    """For each leaf its siblings up to the root of `size` leaves, in two reads for all of them."""
    return _proofs([inclusion_ranges(index, size) for index in indexes])


def consistency_proof(old_size: int, size: int) -> list[bytes]:
    """What shows that the log of `size` entries extends the one of `old_size`."""
    return _proofs([consistency_ranges(old_size, size)])[0]


class MissingNodes(LookupError):
    """The stored tree lacks nodes that a log of this size must have: entries or nodes were removed."""


def read_nodes(keys: Iterable[NodeKey]) -> dict[NodeKey, bytes]:
    """The hashes of complete subtrees. Raises MissingNodes."""
    wanted = set(keys)
    below = {key: _kept_below(key) for key in wanted}
    kept = _read_kept({base for bases in below.values() for base in bases})
    try:
        return {key: _fold_level([kept[base] for base in bases]) for key, bases in below.items()}
    except KeyError as error:
        raise MissingNodes(f"The stored tree has no node {error.args[0]}.") from None


def _proofs(paths: Sequence[Sequence[Range]]) -> list[list[bytes]]:
    nodes = read_nodes({key for path in paths for span in path for key in range_nodes(span)})
    return [[range_hash(span, nodes) for span in path] for path in paths]


def _kept_below(key: NodeKey) -> list[NodeKey]:
    """The kept nodes (or leaves) that a node is folded from, left to right."""
    rise = key.level % STORED_STEP
    first = key.position << rise
    return [NodeKey(key.level - rise, position) for position in range(first, first + (1 << rise))]


def _read_kept(keys: set[NodeKey]) -> dict[NodeKey, bytes]:
    leaves = [key.position for key in keys if key.level == 0]
    nodes = [key for key in keys if key.level]
    found: dict[NodeKey, bytes] = {}
    with connection.cursor() as cursor:
        if leaves:
            cursor.execute("SELECT seq, leaf FROM audit_sealed_entry WHERE seq = ANY(%s)", [leaves])
            found.update((NodeKey(0, seq), bytes(leaf)) for seq, leaf in cursor.fetchall())
        if nodes:
            cursor.execute(
                "SELECT level, position, hash FROM audit_tree_node "
                "JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted(level, position) USING (level, position)",
                [[key.level for key in nodes], [key.position for key in nodes]],
            )
            found.update((NodeKey(level, position), bytes(digest)) for level, position, digest in cursor.fetchall())
    return found


def _fold_level(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]
