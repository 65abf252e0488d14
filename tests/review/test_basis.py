"""What a decision is bound to. No database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from mpi.errors import InvalidInput
from review.basis import Basis, difference, read_token

TASK = UUID("6f1d8a52-7f0c-4a6c-9d54-3f6c0c2f9a11")
BASIS = Basis(TASK, 1, {"AAAA": 3, "BBBB": 1}, {1: ("AAAA", 2), 2: ("AAAA", 1), 3: ("BBBB", 1)}, "model-1")
SHOWN_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_token_comes_back_as_it_was() -> None:
    shown = read_token(BASIS.token(shown_at=SHOWN_AT), task=TASK)
    assert shown.basis == BASIS
    assert shown.basis.digest() == BASIS.digest()
    assert shown.at == SHOWN_AT.timestamp()


def test_a_token_that_was_touched_or_belongs_elsewhere_is_refused() -> None:
    token = BASIS.token(shown_at=SHOWN_AT)
    with pytest.raises(InvalidInput, match="incomplete"):
        read_token(token[:-2], task=TASK)
    with pytest.raises(InvalidInput, match="another task"):
        read_token(token, task=UUID(int=7))


def test_the_token_holds_versions_and_no_values() -> None:
    told = str(BASIS._document())
    assert "Holloway" not in told
    assert set(BASIS._document()) == {"task", "version", "golden", "records", "model"}


@pytest.mark.parametrize(
    "other",
    [
        replace(BASIS, task_version=2),
        replace(BASIS, golden={"AAAA": 4, "BBBB": 1}),
        replace(BASIS, golden={"AAAA": 3, "CCCC": 1}),
        replace(BASIS, records={**BASIS.records, 4: ("BBBB", 1)}),
        replace(BASIS, records={1: ("AAAA", 2), 3: ("BBBB", 1)}),
        replace(BASIS, records={**BASIS.records, 3: ("BBBB", 2)}),
        replace(BASIS, model_version="model-2"),
    ],
)
def test_any_change_of_what_was_shown_is_a_difference(other: Basis) -> None:
    assert difference(BASIS, other)
    assert other.digest() != BASIS.digest()


def test_the_same_basis_is_no_difference() -> None:
    assert not difference(BASIS, replace(BASIS))


def test_a_record_that_only_changed_sides_is_a_difference() -> None:
    moved = replace(BASIS, records={**BASIS.records, 2: ("BBBB", 1)})
    assert difference(BASIS, moved)
