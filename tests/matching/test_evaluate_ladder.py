"""The threshold explorer: exact for every threshold on the ladder, against a plain count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.evaluate_ladder import Explorer, Labelled, Ladder, on_the_ladder, read_ladder, rung

PROBABILITIES = st.one_of(
    st.floats(0, 1, allow_nan=False),
    st.integers(0, 10_000).map(lambda number: number / 10_000),
    st.floats(0.998, 1, allow_nan=False),
)
KNOWN = st.sampled_from([True, False, None])
LABELS = {True: "same", False: "different", None: "unknown"}


def ladder(*pairs: tuple[float, bool | None]) -> Ladder:
    made = Ladder()
    for probability, same in pairs:
        made.add(probability, same)
    return made


@given(
    st.lists(st.tuples(PROBABILITIES, KNOWN), max_size=60),
    st.floats(0, 1, allow_nan=False),
    st.floats(0, 1, allow_nan=False),
)
def test_a_ladder_counts_as_a_plain_count_does(pairs, one, other) -> None:
    low, high = sorted((on_the_ladder(one), on_the_ladder(other)))
    # Nearer to an edge than a billionth is on the edge: that is what binary fractions are off.
    inside = [same for probability, same in pairs if probability - low > 1e-9 and probability - high <= 1e-9]
    near = any(0 < abs(probability - edge) < 1e-9 for probability, _ in pairs for edge in (low, high))
    if near:
        return
    expected = Labelled(**{words: inside.count(known) for known, words in LABELS.items()})
    assert ladder(*pairs).between(low, high) == expected
    assert read_ladder(ladder(*pairs).to_document()).between(low, high) == expected


@pytest.mark.parametrize(
    ("probability", "edge"),
    [(0.0, 0), (0.95, 950_000), (0.95001, 950_100), (0.999, 999_000), (0.9990001, 999_001), (1.0, 1_000_000)],
)
def test_a_pair_on_an_edge_is_not_over_it(probability: float, edge: int) -> None:
    assert rung(probability) == edge


def test_a_higher_threshold_gives_links_back_to_the_stewards() -> None:
    explorer = Explorer(
        automatic=0.95,
        review=0.75,
        links=ladder((0.96, True), (0.965, False), (0.99, True), (0.999, None)),
        free=ladder((0.8, True), (0.9, False), (0.94, True)),
        held=ladder((0.99, False), (0.8, None)),
    )
    change = explorer.at(0.97, 0.75)
    assert change.fewer_links == Labelled(same=1, different=1)
    assert (change.links, change.questions) == (2, 5 + 2)
    assert change.more_links.pairs == change.more_questions.pairs == change.fewer_questions.pairs == 0


def test_a_lower_threshold_links_only_what_no_rule_holds() -> None:
    explorer = Explorer(
        automatic=0.95,
        review=0.75,
        links=ladder((0.96, True)),
        free=ladder((0.8, True), (0.92, False), (0.94, True)),
        held=ladder((0.99, False)),
    )
    change = explorer.at(0.9, 0.75)
    assert change.more_links == Labelled(same=1, different=1)
    assert (change.links, change.questions) == (3, 2)


def test_a_lower_review_threshold_asks_more() -> None:
    explorer = Explorer(0.95, 0.75, Ladder(), ladder((0.7, True), (0.8, None)), ladder((0.6, False), (0.74, False)))
    assert explorer.at(0.95, 0.65).more_questions == Labelled(same=1, different=1)
    assert explorer.at(0.95, 0.85).fewer_questions == Labelled(unknown=1)


@given(
    st.lists(st.tuples(st.sampled_from(["link", "free", "held"]), st.integers(1, 9_999), KNOWN), max_size=60),
    st.integers(2, 9_998),
    st.integers(1, 9_997),
)
def test_the_explorer_says_what_deciding_every_pair_anew_would_say(pairs, automatic, review) -> None:
    """Brute force: every pair judged again at the other thresholds, links and questions counted one by one."""
    own, asked = (0.95, 0.75), (automatic / 10_000, review / 10_000)
    if asked[1] >= asked[0]:
        return
    kept = [(kind, p / 10_000, same) for kind, p, same in pairs if (kind == "link") == (p > 9_500) or kind == "held"]
    by_kind = {
        kind: ladder(*((p, same) for each, p, same in kept if each == kind)) for kind in ("link", "free", "held")
    }
    change = Explorer(*own, links=by_kind["link"], free=by_kind["free"], held=by_kind["held"]).at(*asked)

    def decided(kind: str, p: float, thresholds: tuple[float, float]) -> str:
        if kind != "held" and p > thresholds[0]:
            return "link"
        return "question" if p > thresholds[1] else "nothing"

    before = [decided(kind, p, own) for kind, p, _ in kept]
    after = [decided(kind, p, asked) for kind, p, _ in kept]
    assert change.links == after.count("link")
    assert change.questions == after.count("question")
    lost = [same for (_, _, same), old, new in zip(kept, before, after, strict=True) if old == "link" != new]
    won = [same for (_, _, same), old, new in zip(kept, before, after, strict=True) if old != "link" == new]
    for moved, plain in ((change.fewer_links, lost), (change.more_links, won)):
        assert moved == Labelled(**{words: plain.count(known) for known, words in LABELS.items()})
