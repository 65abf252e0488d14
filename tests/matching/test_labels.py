"""Decisions of stewards correct m where the model was surprised, gently, and say what they did."""

from __future__ import annotations

import pytest

from matching.labels import LABEL_WEIGHT, LEAST_LABELS, LabelledPair, log_loss, refine
from matching.levels import BIRTH_DATE, BirthDate
from matching.model import InvalidModel, LinkageModel
from matching.model_document import from_document, to_document
from matching.score import score
from matching.starting_values import starting_model
from tests.matching.people import MARGARET, vary

MATCHES = 10_000.0
MODEL = starting_model("labels")
MISTYPED = vary(birth_date=f"{MARGARET.birth_date[:-1]}{(int(MARGARET.birth_date[-1]) + 1) % 10}", ssn="", phones=())


def pairs(count: int, *, same: bool) -> list[LabelledPair]:
    return [LabelledPair(MARGARET, MISTYPED, same)] * count


def m_of(model: LinkageModel, level: int) -> float:
    return model.level(BIRTH_DATE, level).m


def test_the_arithmetic_is_that_of_the_docstring() -> None:
    p = score(MARGARET, MISTYPED, MODEL).probability
    assert score(MARGARET, MISTYPED, MODEL).levels[BIRTH_DATE] == BirthDate.EDIT
    refined = refine(MODEL, pairs(20, same=True), matches=MATCHES)
    known = sum(level.m for level in MODEL.comparisons[BIRTH_DATE].levels[1:])
    corrected = MATCHES * m_of(MODEL, BirthDate.EDIT) + LABEL_WEIGHT * 20 * (1 - p)
    expected = corrected * known / (MATCHES * known + LABEL_WEIGHT * 20 * (1 - p))
    assert m_of(refined, BirthDate.EDIT) == pytest.approx(expected)


def test_same_raises_and_different_lowers_the_levels_of_the_pair() -> None:
    for same, rises in ((True, True), (False, False)):
        refined = refine(MODEL, pairs(30, same=same), matches=MATCHES)
        assert (m_of(refined, BirthDate.EDIT) > m_of(MODEL, BirthDate.EDIT)) is rises
        labelled = pairs(30, same=same)
        assert log_loss(refined, labelled) < log_loss(MODEL, labelled)


def test_no_flood_of_answers_overturns_a_level_or_makes_a_hole() -> None:
    refined = refine(MODEL, pairs(5_000, same=False), matches=MATCHES)
    ratio = m_of(refined, BirthDate.EDIT) / m_of(MODEL, BirthDate.EDIT)
    assert 0.09 < ratio < 0.12
    assert from_document(to_document(refined)) == refined, "still a sound model"
    before = sum(level.m for level in MODEL.comparisons[BIRTH_DATE].levels)
    assert sum(level.m for level in refined.comparisons[BIRTH_DATE].levels) == pytest.approx(before)


def test_answers_that_the_model_expected_change_almost_nothing() -> None:
    sure = [LabelledPair(MARGARET, MARGARET, same=True)] * 50
    refined = refine(MODEL, sure, matches=MATCHES)
    assert m_of(refined, BirthDate.EXACT) == pytest.approx(m_of(MODEL, BirthDate.EXACT), rel=1e-3)


def test_the_document_says_what_the_labels_did() -> None:
    account = refine(MODEL, [*pairs(15, same=True), *pairs(10, same=False)], matches=MATCHES).training["labels"]
    assert isinstance(account, dict)
    assert (account["same"], account["different"], account["weight"]) == (15, 10, LABEL_WEIGHT)
    assert account["most_changed"]
    assert account["log_loss_after"] <= account["log_loss_before"]


def test_u_is_left_alone() -> None:
    refined = refine(MODEL, pairs(40, same=False), matches=MATCHES)
    for old, new in zip(MODEL.comparisons, refined.comparisons, strict=True):
        assert [level.u for level in old.levels] == [level.u for level in new.levels]


def test_too_few_labels_are_refused() -> None:
    with pytest.raises(InvalidModel, match="at least"):
        refine(MODEL, pairs(LEAST_LABELS - 1, same=True), matches=MATCHES)
