"""Each invariant is broken by hand: the check says which, and none besides. Every corruption is rolled back."""

from __future__ import annotations

import pytest

from mpi.queries.invariants import INVARIANTS, check_index
from tests.invariants.corrupting import Corruption, corrupt
from tests.invariants.corruptions_of_now import NOW
from tests.invariants.corruptions_of_story import STORY

CORRUPTIONS = (*NOW, *STORY)


@pytest.mark.usefixtures("lived", "db")
@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name.replace(" ", "-"))
def test_a_corruption_is_found_by_its_invariants_and_by_no_others(corruption: Corruption) -> None:
    corrupt(corruption)
    report = check_index()
    assert set(report.broken) == corruption.breaks
    assert all(fault.examples for one in report.checked for fault in one.looked.faults)


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_every_invariant_has_a_corruption(invariant) -> None:
    """Most have one that nothing else would tell of."""
    assert any(invariant.name in corruption.breaks for corruption in CORRUPTIONS)


def test_what_only_one_invariant_sees_is_named() -> None:
    alone = {name for corruption in CORRUPTIONS if len(corruption.breaks) == 1 for name in corruption.breaks}
    others = {invariant.name for invariant in INVARIANTS} - alone
    assert others == {"status", "merges", "audited-acts"}  # these are also what the replay or the changes show
