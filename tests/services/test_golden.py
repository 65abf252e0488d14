"""Golden demographics: always computed from the open links, by source rank, recency and a steward's override."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mpi.models import GoldenOverride, GoldenRecord
from tests.services.telling import KATHERINE, golden_state, owner, past, record_of, take_back, tell


def values() -> dict[str, object]:
    return golden_state()[owner("HIS", "1").euid]["values"]  # type: ignore[no-any-return]


def test_the_better_ranked_source_gives_the_value_whoever_came_last() -> None:
    tell("PORTAL", "1", KATHERINE, street="9 Linden Way", updated_at=past(9))
    tell("HIS", "1", KATHERINE, updated_at=past(1))
    golden = owner("HIS", "1")
    told = golden.provenance["family_name"]
    assert (told["source_system"], sorted(told["agreeing"])) == (
        "HIS",
        sorted([record_of("HIS", "1").pk, record_of("PORTAL", "1").pk]),
    )
    assert golden.member_count == 2


def test_provenance_names_the_source_the_rule_and_what_lost() -> None:
    tell("HIS", "1", KATHERINE, email="old@example.org", updated_at=past(1))
    tell("LAB", "1", KATHERINE, email="new@example.org", updated_at=past(9))
    told = owner("HIS", "1").provenance["email"]
    winner, loser = ("HIS", "LAB") if told["source_system"] == "HIS" else ("LAB", "HIS")
    assert told["mrn"] == "1"
    assert told["criterion"] in {"source_rank", "recency"}
    assert [losing["record_ids"] for losing in told["losing"]] == [[record_of(loser, "1").pk]]
    assert told["record_id"] == record_of(winner, "1").pk


def test_pain_04_a_value_goes_with_the_record_that_told_it() -> None:
    """A golden record keeps nothing of a record that has left it."""
    tell("HIS", "1", KATHERINE, email="")
    tell("LAB", "1", KATHERINE)
    assert values()["email"] == KATHERINE["email"]
    take_back("LAB", "1")
    assert "email" not in values()
    assert "email" not in owner("HIS", "1").provenance


@pytest.mark.parametrize(("days", "counts"), [(1, True), (None, True), (-1, False)])
def test_an_override_counts_until_it_expires(days: int | None, counts: bool) -> None:
    tell("HIS", "1", KATHERINE)
    now = timezone.now()
    GoldenOverride.objects.create(
        golden_record=owner("HIS", "1"),
        field="family_name",
        value="Overridden",
        reason="Court order",
        actor_id="stefan",
        recorded_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )
    tell("HIS", "1", KATHERINE, phone="937-555-0199")
    assert (values()["family_name"] == "Overridden") is counts


def test_the_search_names_are_those_of_the_survived_values() -> None:
    tell("HIS", "1", KATHERINE, family_name="Müller-Østergård")
    golden = owner("HIS", "1")
    assert golden.family_name == "MULLER OSTERGARD"
    assert golden.birth_date == "1971-03-09"


def test_an_unchanged_number_keeps_its_ciphertext_and_a_changed_one_does_not() -> None:
    tell("HIS", "1", KATHERINE)
    first = owner("HIS", "1").values["ssn"]
    tell("HIS", "1", KATHERINE, phone="937-555-0199")
    assert owner("HIS", "1").values["ssn"] == first
    tell("HIS", "1", KATHERINE, ssn="536-22-8146")
    assert owner("HIS", "1").values["ssn"] != first
    assert values()["ssn"] == "•••-••-8146"


def test_every_change_makes_one_version_and_one_history_row() -> None:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE)
    tell("HIS", "1", KATHERINE, phone="937-555-0199")
    golden = GoldenRecord.objects.get()
    assert golden.version == 3
    assert sorted(golden.history.values_list("version", flat=True)) == [1, 2, 3]
