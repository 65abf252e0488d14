"""The evidence document: complete, adding up, masked, and readable in the format before."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from matching.evidence import FORMAT, explain, read_evidence
from matching.model_document import load_default
from matching.policy import judge
from matching.records import StandardRecord
from matching.score import score

from .people import odd_record

MODEL = load_default()


def document(a: StandardRecord, b: StandardRecord, **more) -> dict:
    scored = score(a, b, MODEL)
    return explain(a, b, scored, judge(a, b, scored, MODEL), **more).to_document()


def pair() -> tuple[StandardRecord, StandardRecord]:

    rng = random.Random(11)
    return odd_record(rng, 1), odd_record(rng, 2)


def test_everything_that_may_be_asked_is_in_the_document() -> None:
    told = json.loads(json.dumps(document(*pair(), keys=("ssn", "phone"))))
    assert set(told) == {
        "format",
        "comparisons",
        "prior_bits",
        "match_weight_bits",
        "probability",
        "grade",
        "caps",
        "vetoes",
        "model_version",
        "model_hash",
        "keys",
    }
    assert (told["format"], told["keys"], told["model_hash"]) == (FORMAT, ["ssn", "phone"], MODEL.content_hash)
    row = {"comparison", "title", "left", "right", "level", "words", "m", "u", "bits", "frequency_bits"}
    assert all(set(part) == row for part in told["comparisons"])
    parts = sum(part["bits"] + part["frequency_bits"] for part in told["comparisons"])
    assert told["match_weight_bits"] == pytest.approx(told["prior_bits"] + parts)


def test_a_document_of_the_first_format_is_read_as_one_of_the_present() -> None:
    present = document(*pair(), keys=("ssn",))
    first = {name: value for name, value in present.items() if name not in {"format", "keys", "match_weight_bits"}}
    first["bits"] = present["match_weight_bits"]
    assert read_evidence(first, ["ssn"]) == present
    assert read_evidence(present, ["another"]) == present


def test_numbers_are_masked_and_blind_indexes_not_shown() -> None:
    a, b = pair()
    numbers = (("IL", "DL", "A1234567"), ("NY", "MB", "ab" * 32), ("NY", "XX", "B99"))
    a = replace(a, ssn="123456789", ssn_last4="6789", identifiers=numbers)
    told = {part["comparison"]: part["left"] for part in document(a, b)["comparisons"]}
    assert told["ssn"] == "***-**-6789"
    assert told["identifier"] == "IL DL ****4567; NY MB (protected); NY XX ***"
    assert "123456789" not in json.dumps(document(a, b))
