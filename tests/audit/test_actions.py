"""The closed list of actions."""

from __future__ import annotations

import pytest

from audit.actions import Action, Category, UnknownAction, action, actions_of, words_of
from tests.audit.conftest import entry_of


def test_an_action_is_found_by_its_code_with_words_and_category() -> None:
    found = action("golden.merged")
    assert (found, found.words, found.category) == (Action.GOLDEN_MERGED, "Golden records merged", Category.DECISION)


def test_an_unknown_action_raises_and_never_becomes_an_event() -> None:
    with pytest.raises(UnknownAction, match=r"golden\.vanished"):
        action("golden.vanished")
    with pytest.raises(UnknownAction):
        entry_of(1, action="golden.vanished")


def test_every_action_has_words_of_its_own_and_every_category_is_used() -> None:
    assert len({entry.words for entry in Action}) == len(Action)
    assert sorted(entry for category in Category for entry in actions_of(category)) == sorted(Action)
    assert all(actions_of(category) for category in Category)


def test_a_code_of_another_version_is_shown_as_it_is() -> None:
    assert words_of("person.read") == "Golden record read"
    assert words_of("person.teleported") == "person.teleported"
