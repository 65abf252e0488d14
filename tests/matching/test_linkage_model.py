"""A model document is read back as it was written, and a bad one is refused with its reason."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from matching.model import InvalidModel
from matching.model_document import from_document, from_text, hash_of, load_default, to_document
from matching.starting_values import starting_model

Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    return copy.deepcopy(to_document(starting_model("test")))


def test_a_document_survives_the_round_trip(document: Document) -> None:
    model = from_document(document)
    assert to_document(model) == document
    assert model.content_hash == document["content_hash"] == hash_of(document)


def test_the_shipped_model_is_sound_and_says_where_it_comes_from() -> None:
    model = load_default()
    assert model is load_default()
    assert model.training["method"] == "Splink: u by random sampling, m by expectation maximisation"
    assert model.justification
    assert model.evaluation
    origins = {level.origin for comparison in model.comparisons for level in comparison.levels[1:]}
    assert "splink" in origins
    assert model.prior_records > 10_000


def set_m(value: float) -> Callable[[Document], None]:
    return lambda document: document["comparisons"][0]["levels"][1].update(m=value)


def drop_level(document: Document) -> None:
    del document["comparisons"][3]["levels"][2]


def unknown_level(document: Document) -> None:
    document["comparisons"][3]["levels"][2]["name"] = "roughly"


def unknown_comparison(document: Document) -> None:
    document["comparisons"][1]["name"] = "shoe_size"


def drop_comparison(document: Document) -> None:
    del document["comparisons"][1]


def cross_thresholds(document: Document) -> None:
    document["thresholds"] = {"automatic": 0.7, "review": 0.8}


def spoil_prior(document: Document) -> None:
    document["prior"]["probability"] = 0


def spoil_frequency(document: Document) -> None:
    document["term_frequencies"]["given"]["values"]["JOHN"] = 1.5


def unknown_mode(document: Document) -> None:
    document["policy"]["mode"] = "daring"


def heavy_levels(document: Document) -> None:
    for level in document["comparisons"][4]["levels"][1:]:
        level["u"] = 0.9


def lose_prior(document: Document) -> None:
    del document["prior"]


def text_for_number(document: Document) -> None:
    document["thresholds"]["review"] = "high"


def other_format(document: Document) -> None:
    document["format"] = 99


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (set_m(0.0), "m of given / exact is not between 0 and 1"),
        (set_m(1.0), "m of given / exact is not between 0 and 1"),
        (drop_level, "lacks levels: day_month"),
        (unknown_level, "unknown levels: roughly"),
        (unknown_comparison, "Unknown comparisons: shoe_size"),
        (drop_comparison, "must be exactly"),
        (cross_thresholds, "crossed"),
        (spoil_prior, "prior"),
        (spoil_frequency, "term frequency of the table given"),
        (unknown_mode, "policy mode"),
        (heavy_levels, "sum to more than"),
        (lose_prior, "lacks “prior”"),
        (text_for_number, "where a number belongs"),
        (other_format, "format"),
    ],
)
def test_a_bad_document_is_refused_with_the_reason(
    document: Document, spoil: Callable[[Document], None], reason: str
) -> None:
    del document["content_hash"]
    spoil(document)
    with pytest.raises(InvalidModel, match=reason):
        from_document(document)


def test_a_document_changed_after_it_was_written_is_refused(document: Document) -> None:
    document["comparisons"][0]["levels"][1]["m"] = 0.5
    with pytest.raises(InvalidModel, match="hash"):
        from_document(document)


def misspelt_section(document: Document) -> None:
    document["tresholds"] = document["thresholds"]


def infinite_population(document: Document) -> None:
    document["policy"]["population"] = float("inf")


def half_a_record(document: Document) -> None:
    document["prior"]["records"] = 40_000.5


def list_for_mode(document: Document) -> None:
    document["policy"]["mode"] = ["strict"]


def null_character(document: Document) -> None:
    document["training"] = {"data": ["a", {"b": "\x00"}]}


def endless_digits(document: Document) -> None:
    document["prior"]["records"] = 10**400


def unknown_origin(document: Document) -> None:
    document["comparisons"][0]["levels"][1]["origin"] = "guessed"


def nested_training(document: Document) -> None:
    inner: dict[str, Any] = {}
    document["training"] = inner
    for _ in range(20_000):
        inner["a"] = inner = {}


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (set_m(float("nan")), "comparisons/given/exact/m"),
        (set_m(-0.1), "comparisons/given/exact/m"),
        (drop_level, "comparisons/birth_date"),
        (unknown_comparison, "comparisons"),
        (cross_thresholds, "thresholds"),
        (misspelt_section, ""),
        (infinite_population, "policy/population"),
        (half_a_record, "prior/records"),
        (endless_digits, "prior/records"),
        (list_for_mode, "policy/mode"),
        (null_character, "training/data/1/b"),
        (unknown_origin, "comparisons/given/exact/origin"),
        (spoil_frequency, "term_frequencies/given"),
        (other_format, "format"),
    ],
)
def test_a_refusal_names_the_place(document: Document, spoil: Callable[[Document], None], place: str) -> None:
    del document["content_hash"]
    spoil(document)
    with pytest.raises(InvalidModel) as refused:
        from_document(document)
    assert refused.value.place == place


def test_a_document_without_end_is_refused_and_not_a_crash(document: Document) -> None:
    del document["content_hash"]
    nested_training(document)
    with pytest.raises(InvalidModel, match="nested"):
        from_document(document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"format": 1,\n "version": }', r"not JSON.*line 2, column 13"),
        ("", r"not JSON.*line 1, column 1"),
        ("[]", "not a JSON object"),
        ('{"format": 1, "format": 1}', "“format” stands twice"),
        ('{"format": NaN}', "NaN is not JSON"),
        ("[" * 100_000, "nested"),
        ('{"format": ' + "1" * 5_000 + "}", "too many digits"),
        (" " * 10_000_001, "more than"),
    ],
)
def test_a_text_that_is_no_document_is_refused_with_line_and_column(text: str, reason: str) -> None:
    with pytest.raises(InvalidModel, match=reason):
        from_text(text)
