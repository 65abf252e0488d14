"""An index in which every kind of act has happened keeps every invariant, and the look at it proves something."""

from __future__ import annotations

import pytest

from mpi.queries.invariants import INVARIANTS, check_index


@pytest.mark.usefixtures("lived", "db")
@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_it_holds_in_an_index_that_has_lived(invariant) -> None:
    (one,) = check_index(only=[invariant.name]).checked
    assert one.looked.faults == ()
    assert one.looked.rows > 0
