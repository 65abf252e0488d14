"""What a rematch looks at together: close pairs, golden records and open questions tie records; nothing else does."""

from __future__ import annotations

import pytest

from mpi.services.rematch_read import Roll, Told
from mpi.services.rematch_regions import Part, in_chunks, parts_of

pytestmark = pytest.mark.django_db


def _roll(*golden_ids: int) -> Roll:
    """Records 10, 11, … of these golden records."""
    roll = Roll()
    for number, golden_id in enumerate(golden_ids):
        roll.add(Told(10 + number, 1, golden_id, None))
    return roll


def test_a_pair_that_does_not_come_close_ties_nobody() -> None:
    roll = _roll(1, 1, 2, 3, 4)
    found = list(parts_of(roll, pairs=[(0, 2), (2, 3), (3, 4)], close=[(3, 4)]))
    assert found == [Part((10, 11), (), ()), Part((13, 14), ((13, 14),), ())]


def test_within_a_region_every_pair_that_may_come_close_is_looked_at() -> None:
    roll = _roll(1, 2, 3)
    (part,) = parts_of(roll, pairs=[(0, 1), (0, 2), (1, 2)], close=[(0, 1), (1, 2)])
    assert part == Part((10, 11, 12), ((10, 11), (10, 12), (11, 12)), ())


def test_no_region_is_lost_between_chunks() -> None:
    parts = [Part((2 * number, 2 * number + 1), (), ()) for number in range(2_500)]
    chunks = list(in_chunks(parts))
    assert [part for chunk in chunks for part in chunk] == parts
    assert len(chunks) == 3
