"""The aligned rows: which fields stand together, what is marked, what is said in words. No database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mpi.queries.evidence import Evidence, EvidenceRow
from review.comparison import Origin, Side, rows
from review.wording import alike


def weigh(comparison: str, left: str, right: str, kind: str, bits: float, words: str = "words") -> EvidenceRow:
    return EvidenceRow(comparison, comparison.title(), left, right, "text", kind, words, bits)  # type: ignore[arg-type]


EVIDENCE = Evidence(
    rows=(
        weigh("given", "MARGARET", "MARJORIE", "differs", -3.1, "different given name"),
        weigh("middle", "ANN", "", "none", 0.0),
        weigh("house", "HOLLOWAY; 18 ORCHARD LN", "HOLLOWAY; 18 ORCHARD LN", "same", 17.0, "same name, same address"),
        weigh("birth_date", "1971-03-09", "1971-03-09", "same", 8.7),
        weigh("sex", "F", "F", "same", 0.9),
        weigh("ssn", "***-**-8801", "", "none", 0.0),
        weigh("identifier", "", "", "none", 0.0),
    ),
    prior_bits=-14.0,
    total_bits=9.5,
    probability=0.9986,
    grade="probable",
    held_by=("Different given names.",),
    review_from=0.75,
    link_over=0.95,
)
LEFT = Side(
    values={
        "family_name": "Holloway", "given_name": "Margaret", "middle_name": "Ann", "birth_date": "1971-03-09",
        "sex": "F", "address": "18 Orchard Lane, Concord, NH 03301", "phone": "6035550141", "ssn": "•••-••-8801",
    },
    origins={"given_name": Origin("General Hospital", 2, 2, ())},
)  # fmt: skip
RIGHT = Side(
    values={
        "family_name": "HOLLOWAY", "given_name": "Marjorie", "birth_date": "1971-03-09", "sex": "F",
        "address": "18 Orchard Ln, Concord, NH 03301", "phone": "6035550114",
    },
    origins={},
)  # fmt: skip


def row(name: str) -> object:
    found = {made.shown.label: made for made in rows(LEFT, RIGHT, EVIDENCE)}
    return found[name]


def test_fields_of_one_comparison_stand_together_and_are_weighed_once() -> None:
    made = rows(LEFT, RIGHT, EVIDENCE)
    house = [one for one in made if one.shown.comparison == "house"]
    assert [one.shown.label for one in house] == ["Family name", "Address", "Phone", "E-mail"]
    assert house[0].weight is not None
    assert house[0].weight.rows == 4
    assert all(one.weight is None for one in house[1:])


def test_the_bits_of_all_rows_and_the_prior_are_the_total() -> None:
    made = rows(LEFT, RIGHT, EVIDENCE)
    assert sum(one.weight.bits for one in made if one.weight) + EVIDENCE.prior_bits == pytest.approx(9.5)


def test_a_value_known_on_one_side_only_is_no_difference() -> None:
    assert alike("6035550141", "") == ("none", "not known on one side")
    assert alike("", "") == ("none", "not known")


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [("Holloway", "HOLLOWAY", "same"), ("18 Orchard Lane", "18 Orchard Ln", "near"), ("Concord", "Boise", "differs")],
)
def test_signs_of_fields_that_are_not_weighed_alone(left: str, right: str, kind: str) -> None:
    assert alike(left, right)[0] == kind


def test_what_was_compared_is_said_where_another_value_survived() -> None:
    left = Side(values={**LEFT.values, "given_name": "Peggy"}, origins={})
    made = next(one for one in rows(left, RIGHT, EVIDENCE) if one.shown.label == "Given name")
    assert made.left.compared == "Margaret"
    assert made.right.compared == ""


def test_a_value_that_changed_since_is_shown_with_its_present_weight() -> None:
    now = Evidence(
        **{
            **{name: getattr(EVIDENCE, name) for name in EVIDENCE.__slots__},
            "rows": (weigh("given", "MARGARET", "MARGARET", "same", 7.2), *EVIDENCE.rows[1:]),
        }
    )
    made = next(one for one in rows(LEFT, RIGHT, EVIDENCE, now) if one.shown.label == "Given name")
    assert made.right.now == "MARGARET"
    assert made.left.now == ""
    assert made.weight is not None
    assert made.weight.now == pytest.approx(7.2)


def test_values_of_both_persons_are_not_said_to_be_unknown_because_two_records_do_not_tell_them() -> None:
    other = Side(values={**RIGHT.values, "ssn": "•••-••-3707"}, origins={})
    (ssn,) = [made for made in rows(LEFT, other, EVIDENCE) if made.shown.label == "SSN"]
    words = "not told by both of the records compared; what is shown here is different"
    assert (ssn.weight.words, ssn.shown.words, ssn.weight.bits) == (words, words, 0.0)


def test_a_row_says_what_the_words_of_its_comparison_leave_open() -> None:
    near = weigh("birth_date", "1971-03-09", "1971-03-19", "near", 4.0, "birth date one typing error apart")
    evidence = replace(EVIDENCE, rows=(*EVIDENCE.rows[:3], near, *EVIDENCE.rows[4:]))
    right = Side(values={**RIGHT.values, "birth_date": "1971-03-19"}, origins={})
    said = {made.shown.label: (made.shown.words, made.detail) for made in rows(LEFT, right, evidence)}
    assert said["Born"] == (near.words, "only the day differs, one digit differs: 0 and 1")
    assert said["Phone"] == ("two digits swapped", "")
    assert said["Address"] == ("same address, written otherwise", "")


def test_rare_fields_appear_only_when_known() -> None:
    labels = [one.shown.label for one in rows(LEFT, RIGHT, EVIDENCE)]
    assert "Suffix" not in labels
    assert "Other numbers" not in labels
    assert "E-mail" in labels
