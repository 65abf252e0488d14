"""Seeded overlays and ordinary updates: what they are said to be, and the command that judges them."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO

from django.core.management import call_command

from mpi.synthetic.swaps import SWAPS, swaps
from mpi.synthetic.updates import BENIGN, ordinary_updates


def test_the_same_seed_gives_the_same_cases_and_another_one_others() -> None:
    assert list(swaps(5, each=3)) == list(swaps(5, each=3))
    assert list(swaps(5, each=3)) != list(swaps(6, each=3))
    assert list(ordinary_updates(5, count=20)) == list(ordinary_updates(5, count=20))


def test_there_are_as_many_of_each_kind_as_were_asked_for() -> None:
    assert Counter(case.kind for case in swaps(5, each=12)) == dict.fromkeys(SWAPS, 12)
    assert Counter(case.kind for case in ordinary_updates(5, count=90)) == dict.fromkeys(BENIGN, 10)


def test_both_states_stand_under_one_number_of_one_system() -> None:
    for case in (*swaps(5, each=20), *ordinary_updates(5, count=180)):
        assert (case.before["source_system"], case.before["mrn"]) == (case.after["source_system"], case.after["mrn"])
        assert case.before != case.after or case.kind not in SWAPS


def test_the_command_counts_every_case_and_prints_intervals_and_bars() -> None:
    printed = StringIO()
    call_command("evaluateoverlays", "--seed", "3", "--swaps", "200", "--updates", "1800", "--json", stdout=printed)
    told = json.loads(printed.getvalue().splitlines()[-1])
    assert [share["of"] for share in told["swaps"].values()] == [200] * len(SWAPS)
    assert told["false_quarantine"]["of"] == 1800
    assert all(sum(share["verdicts"].values()) == share["of"] for share in told["ordinary"].values())
    low, high = told["swaps"]["twin"]["interval"]
    assert low < told["swaps"]["twin"]["value"] < high
    assert told["swaps"]["stranger"]["value"] >= 0.95
    assert all(told["swaps"][kind]["value"] >= 0.80 for kind in SWAPS)
    assert told["false_quarantine"]["value"] <= 0.005
    assert "father/son: at least 80% quarantined" in told["bars"]
