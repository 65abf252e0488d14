"""Which given names lie together in blocking, from the table of the package `nicknames` and the project's own."""

from __future__ import annotations

from nicknames import name_triplets

from matching.tables import NICKNAME_ROOTS


def _short_forms_by_root() -> dict[str, str]:
    """Short form -> root: the project's own table first, else the fuller form that has most short forms."""
    fuller: dict[str, set[str]] = {}
    breadth: dict[str, int] = {}
    for triplet in name_triplets():
        full, short = triplet.name1.upper(), triplet.name2.upper()
        fuller.setdefault(short, set()).add(full)
        breadth[full] = breadth.get(full, 0) + 1
    roots = {
        short: min(names, key=lambda name: (-breadth[name], name))
        for short, names in fuller.items()
        if breadth.get(short, 0) <= max(breadth[name] for name in names)
    }
    for root, short_forms in NICKNAME_ROOTS.items():
        roots.pop(root, None)
        roots.update(dict.fromkeys(short_forms, root))
    return {short: _last(roots, short) for short in roots}


def _last(roots: dict[str, str], short: str) -> str:
    """Follow short forms of short forms to their end; a ring ends where it closes."""
    seen = {short}
    root = roots[short]
    while root in roots and root not in seen:
        seen.add(root)
        root = roots[root]
    return root


KNOWN_GIVEN_NAMES = frozenset(name.upper() for triplet in name_triplets() for name in (triplet.name1, triplet.name2))
_ROOTS = _short_forms_by_root()


def nickname_root(given: str) -> str:
    """One name to file a given name under, so that BILL, WILL and WILLIAM lie together.

    For blocking only: it is no evidence that two names are one. A name of no table is its own root.
    """
    return _ROOTS.get(given, given)
