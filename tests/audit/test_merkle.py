"""RFC 9162 hashing against the known answers of the Certificate Transparency reference tree."""

from __future__ import annotations

import pytest

from audit import merkle
from audit.merkle import Frontier, NodeKey, Range

# The eight inputs and roots that the Certificate Transparency implementations share.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(data) for data in INPUTS]
MANY = [merkle.leaf_hash(str(number).encode()) for number in range(70)]


def nodes_of(leaves: list[bytes]) -> dict[NodeKey, bytes]:
    frontier, nodes = Frontier(), {}
    for index, leaf in enumerate(leaves):
        nodes[NodeKey(0, index)] = leaf
        nodes.update(frontier.append(leaf))
    return nodes


NODES = nodes_of(MANY)


def proof_of(spans: list[Range]) -> list[bytes]:
    return [merkle.range_hash(span, NODES) for span in spans]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_tree(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_a_leaf_can_never_pass_for_a_node() -> None:
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def test_an_inclusion_proof_of_the_reference_tree_has_the_known_path() -> None:
    nodes = nodes_of(LEAVES)
    path = [merkle.range_hash(span, nodes).hex() for span in merkle.inclusion_ranges(5, 8)]
    assert path == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 31, 64, 70])
def test_every_leaf_proves_its_place_and_no_other(size: int) -> None:
    root = merkle.root_of(MANY[:size])
    for index in range(size):
        proof = proof_of(merkle.inclusion_ranges(index, size))
        assert merkle.verify_inclusion(leaf=MANY[index], index=index, size=size, proof=proof, root=root)
        assert not merkle.verify_inclusion(leaf=MANY[index - 1], index=index, size=size, proof=proof, root=root) or (
            size == 1
        )
        assert not merkle.verify_inclusion(leaf=MANY[index], index=index, size=size, proof=[*proof, root], root=root)
        assert not merkle.verify_inclusion(leaf=MANY[index], index=index + 1, size=size, proof=proof, root=root)


def test_every_tree_extends_every_earlier_one() -> None:
    roots = [merkle.root_of(MANY[:size]) for size in range(71)]
    for size in range(1, 71):
        for old in range(1, size + 1):
            proof = proof_of(merkle.consistency_ranges(old, size))
            good = {"old_size": old, "old_root": roots[old], "size": size, "root": roots[size], "proof": proof}
            assert merkle.verify_consistency(**good)
            assert not merkle.verify_consistency(**{**good, "old_root": roots[old - 1]})
            assert not merkle.verify_consistency(**{**good, "root": roots[size - 1]})


def test_a_frontier_can_be_continued_from_its_peaks() -> None:
    for cut in range(70):
        peaks = [NODES[key] for key in merkle.range_nodes(Range(0, cut))]
        frontier = Frontier(cut, peaks)
        for leaf in MANY[cut:]:
            frontier.append(leaf)
        assert frontier.root() == merkle.root_of(MANY)


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="no leaf 3"):
        merkle.inclusion_ranges(3, 3)
    with pytest.raises(ValueError, match="cannot extend"):
        merkle.consistency_ranges(4, 3)
    with pytest.raises(ValueError, match="peaks"):
        Frontier(3, [b"one"])
    assert not merkle.verify_inclusion(leaf=MANY[0], index=0, size=0, proof=[], root=merkle.EMPTY_ROOT)
    assert not merkle.verify_consistency(old_size=0, old_root=b"", size=3, root=ROOTS[2].encode(), proof=[b""])
