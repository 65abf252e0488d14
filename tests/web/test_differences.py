"""Differences are marked inside the value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mpi.web.differences import closest, mark_differences


def _shown(runs):
    return "".join(f"[{run.text}]" if run.differs else run.text for run in runs)


def test_only_the_runs_that_differ_are_marked():
    marked = mark_differences("Margaret", "Marjorie")
    assert _shown(marked.left) == "Mar[garet]"
    assert _shown(marked.right) == "Mar[jorie]"


def test_letter_case_is_no_difference():
    assert _shown(mark_differences("HOLLOWAY", "Holloway").left) == "HOLLOWAY"


def test_values_with_little_in_common_are_marked_whole():
    assert _shown(mark_differences("Ann", "Bartholomew").left) == "[Ann]"


def test_a_word_that_stands_for_a_code_is_marked_whole():
    marked = mark_differences("Female", "Male", whole=True)
    assert (_shown(marked.left), _shown(marked.right)) == ("[Female]", "[Male]")
    assert _shown(mark_differences("Male", "Male", whole=True).left) == "Male"


def test_nothing_is_marked_against_an_unknown_value():
    assert _shown(mark_differences("Ann", "").left) == "Ann"


def test_the_most_similar_line_is_compared():
    assert closest("18 Orchard Ln", ["(603) 555-0141", "18 Orchard Lane"]) == "18 Orchard Lane"
    assert closest("18 Orchard Ln", []) == ""


@given(st.text(max_size=40), st.text(max_size=40))
def test_marking_never_changes_the_text(left, right):
    marked = mark_differences(left, right)
    assert "".join(run.text for run in marked.left) == left
    assert "".join(run.text for run in marked.right) == right
