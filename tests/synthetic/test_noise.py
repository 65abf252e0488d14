"""Errors are errors: small, of the announced kind, and dates stay dates."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.synthetic.noise import (
    mistype,
    respell,
    swap_day_and_month,
    transpose,
    transposed_birth,
    wrong_birth_digit,
    wrong_digit,
)

SEEDS = st.integers(0, 10_000)
NAMES = st.text("abcdefghijklmnopqrstuvwxyzABC -'", min_size=3, max_size=20)


@given(SEEDS, NAMES)
def test_a_slip_changes_little(seed: int, name: str) -> None:
    assert abs(len(mistype(random.Random(seed), name)) - len(name)) <= 2


def test_a_slip_nearly_always_changes_something() -> None:
    rng = random.Random(1)
    assert sum(mistype(rng, "Rodriguez") != "Rodriguez" for _ in range(500)) == 500


@given(SEEDS, st.text("0123456789-", min_size=1))
def test_a_wrong_digit_is_one_digit(seed: int, number: str) -> None:
    changed = wrong_digit(random.Random(seed), number)
    differing = [(a, b) for a, b in zip(number, changed, strict=True) if a != b]
    assert len(differing) == any(letter.isdigit() for letter in number)
    assert all(a.isdigit() and b.isdigit() for a, b in differing)


@given(SEEDS, NAMES)
def test_a_transposition_keeps_the_letters(seed: int, name: str) -> None:
    assert sorted(transpose(random.Random(seed), name)) == sorted(name)


@given(SEEDS, st.dates(date(1920, 1, 1), date(2025, 12, 31)))
def test_a_wrong_birth_date_is_another_past_date(seed: int, day: date) -> None:
    for change in (wrong_birth_digit, transposed_birth):
        wrong = change(random.Random(seed), day)
        assert wrong is None or (wrong != day and wrong.year < 2026)


@pytest.mark.parametrize(
    ("day", "swapped"),
    [(date(1980, 3, 12), date(1980, 12, 3)), (date(1980, 3, 13), None), (date(1980, 3, 3), None)],
)
def test_day_and_month_are_swapped_where_that_is_a_date(day: date, swapped: date | None) -> None:
    assert swap_day_and_month(day) == swapped


def test_a_name_is_respelt_by_its_sound() -> None:
    assert {respell(random.Random(seed), "Stephen") for seed in range(20)} == {"Steven", "Stephan"}
    assert respell(random.Random(1), "Xyzzy") == "Xyzzy"
