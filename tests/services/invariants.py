"""What must be true of the index after every test of a module: `checkindex` finds nothing."""

from __future__ import annotations

from mpi.queries.invariants import check_index


def faults() -> dict[str, object]:
    """Each broken invariant with examples. An index without a record has nothing to check."""
    return {one.invariant.name: one.looked.faults for one in check_index().checked if one.looked.faults}
