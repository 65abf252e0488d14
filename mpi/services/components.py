"""Connected components: what hangs together by ties, told by dense numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def components(count: int, ties: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """Components of the numbers below `count` that a tie names: lowest number -> all its numbers, ascending.

    A number that is tied to nothing but itself is a component of its own; one that no tie names is in none.
    """
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    named: set[int] = set()
    for left, right in ties:
        named.update((left, right))
        one, other = root(left), root(right)
        if one != other:
            parent[max(one, other)] = min(one, other)
    found: dict[int, list[int]] = defaultdict(list)
    for number in sorted(named):
        found[root(number)].append(number)
    return dict(found)
