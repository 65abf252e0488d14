"""Kappa by hand and by the book: published figures, and the cases where there is none to give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.kappa import agreement

# Two dermatologists, 88 patients, four grades: the example of SAS/STAT, PROC FREQ "Computing Agreement Statistics",
# which prints kappa 0.3449 with the limits 0.2030 and 0.4868.
_SKIN = ((10, 4, 1, 0), (5, 10, 12, 2), (2, 4, 12, 5), (0, 2, 6, 13))


def _table(rows: tuple[tuple[int, ...], ...]) -> dict[tuple[str, str], int]:
    return {(str(one), str(two)): count for one, row in enumerate(rows) for two, count in enumerate(row)}


def test_kappa_and_its_interval_are_those_of_the_published_example() -> None:
    found = agreement(_table(_SKIN))
    assert (found.pairs, found.agreed.hits) == (88, 45)
    assert found.kappa == pytest.approx(0.3449, abs=5e-5)
    assert found.interval == pytest.approx((0.2030, 0.4868), abs=5e-5)
    assert found.is_enough


def test_kappa_by_hand() -> None:
    # 70 % agree; 25 x 30 + 25 x 20 of 2,500 would by chance: (0.7 - 0.5) / 0.5.
    found = agreement(
        {("same", "same"): 20, ("same", "different"): 5, ("different", "same"): 10, ("different",) * 2: 15}
    )
    assert found.kappa == pytest.approx(0.4)


def test_agreement_without_one_disagreement_has_no_interval_and_one_answer_everywhere_has_no_kappa() -> None:
    whole = agreement({("same", "same"): 3, ("different", "different"): 2})
    assert (whole.kappa, whole.interval, whole.is_enough) == (1.0, None, False)
    assert agreement({("same", "same"): 40}).kappa is None
    assert agreement({}).kappa is None
    assert agreement({("same", "different"): 4, ("different", "same"): 4}).kappa == pytest.approx(-1.0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=60))
def test_who_is_called_first_does_not_matter_and_the_interval_holds_kappa(pairs: list[tuple[str, str]]) -> None:
    counted = {pair: pairs.count(pair) for pair in pairs}
    found = agreement(counted)
    turned = agreement({(two, one): count for (one, two), count in counted.items()})
    assert found.kappa == pytest.approx(turned.kappa) if found.kappa is not None else turned.kappa is None
    if found.interval and found.kappa is not None:
        low, high = found.interval
        assert -1 <= low <= found.kappa <= high <= 1
