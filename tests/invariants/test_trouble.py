"""The trouble that a stress run makes is trouble indeed: every kind of lock is held."""

from __future__ import annotations

import time

import pytest

from mpi.management.stress.trouble import locks_held


@pytest.mark.django_db(transaction=True)
def test_golden_records_and_keys_are_held_and_the_lock_law_is_broken(lived: None) -> None:
    ends = time.monotonic() + 120
    with locks_held(seed=5) as holds:
        while len(holds) < 3 and time.monotonic() < ends:
            time.sleep(0.05)
    assert holds.keys() == {"golden records", "keys", "against the law"}
