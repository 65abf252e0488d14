"""A question sees whom ingest would see, under the model that is active when it is asked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from matching.records import StandardRecord
from matching.standardise import standardise
from mpi import codec
from mpi.access import ROLES
from mpi.commands import Actor
from mpi.errors import InvalidInput, ServiceDown
from mpi.mapping_json import record_from_json
from mpi.models import GoldenRecord, LinkageModelVersion, Separation
from mpi.services import active_model as active_model_module
from mpi.services.active_model import active_model, last_active_model
from mpi.services.match import MatchCandidate, match
from mpi.services.match_search import search
from mpi.services.neighbourhood import asked_hits, look_around
from mpi.services.parse import keys_of
from mpi.services.rows import fetch_all
from mpi.services.separate import lift_separation, separate
from mpi.services.verify import verify_golden_record
from tests.services.models import activated, changed
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    KATHERINE_BRIDGE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARCUS,
    MARGARET,
    MARJORIE,
    owner,
    tell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> None:
    for system, mrn, person in (
        ("HIS", "1", KATHERINE),
        ("LAB", "1", KATHERINE),
        ("HIS", "2", MARCUS),
        ("HIS", "3", MARGARET),
        ("LAB", "3", MARJORIE),
    ):
        tell(system, mrn, person)


def asked(told: Mapping[str, str], actor: Actor) -> tuple[MatchCandidate, ...]:
    return match(record=record_from_json(told, needs_number=False).record, actor=actor)


def standard(told: Mapping[str, str]) -> StandardRecord:
    record = record_from_json(told, needs_number=False).record
    return codec.protected_standard(standardise(record, excessive=active_model().model.excessive))


@pytest.mark.parametrize("told", [KATHERINE, MARCUS, MARGARET, MARJORIE, ESTEBAN])
def test_a_question_finds_whom_ingest_would_find_by_the_same_keys(
    people: None, steward: Actor, told: dict[str, str]
) -> None:
    tell("HIS", "2", ESTEBAN)  # an overlay: the record is quarantined
    golden = owner("HIS", "1")
    verify_golden_record(euid=golden.euid, version=golden.version, reason="Saw the passport", actor=steward)
    keys = keys_of(standard(told))
    seen, found = look_around(keys, fetch_all(asked_hits(keys))[0], ()), search(keys)
    rules = seen.candidates(keys, besides=0)
    assert {key: tuple(sorted(names)) for key, names in found.rules.items()} == rules
    assert {person.person_id: person for person in found.persons()} == {
        person.person_id: person for person in seen.persons(rules)
    }


def test_the_golden_record_of_an_answer_is_the_stored_one(people: None, steward: Actor) -> None:
    (best, *_) = asked(KATHERINE, steward)
    stored = owner("HIS", "1")
    assert best.golden == stored
    for name in ("euid", "status", "version", "member_count", "values", "provenance", "recorded_at"):
        assert getattr(best.golden, name) == getattr(stored, name)


def test_a_model_that_became_active_in_another_process_holds_for_the_next_question(
    people: None, supervisor: Actor, steward: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(KATHERINE, steward)
    seen_here = last_active_model()
    administrator = Actor(kind="user", id="adam", name="Adam", permissions=ROLES["administrator"], source="web")
    activated(changed("another"), supervisor, administrator)
    monkeypatch.setattr(active_model_module, "_last", seen_here)
    assert asked(KATHERINE, steward)[0].evidence["model_version"] == "another"
    assert last_active_model().model.version == "another"


def test_without_an_active_model_nobody_is_guessed(people: None, steward: Actor) -> None:
    asked(KATHERINE, steward)
    LinkageModelVersion.objects.filter(status="active").update(status="superseded")
    with pytest.raises(ServiceDown):
        asked(KATHERINE, steward)


def test_what_tells_nothing_is_refused_and_finds_nobody(people: None, steward: Actor) -> None:
    assert search(()).persons() == []
    with pytest.raises(InvalidInput):
        asked({"given_name": "UNKNOWN"}, steward)


@pytest.fixture
def kept_apart(steward: Actor) -> tuple[GoldenRecord, GoldenRecord]:
    """Two persons of whom a third record would make one, had a steward not said that they are two."""
    tell("HIS", "1", KATHERINE_BY_NUMBER)
    tell("LAB", "2", KATHERINE_MARRIED)
    one, other = owner("HIS", "1"), owner("LAB", "2")
    separate(euid_a=one.euid, euid_b=other.euid, reason_code="twins", reason="Birth register", actor=steward)
    return one, other


def grades(found: tuple[MatchCandidate, ...]) -> dict[str, tuple[str, bool]]:
    """EUID -> grade, and whether a separation is named as a reason."""
    return {one.golden.euid: (one.grade, "separated" in {reason["code"] for reason in one.reasons}) for one in found}


def test_two_persons_whom_a_steward_keeps_apart_are_not_both_certain_and_say_why(
    kept_apart: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    assert grades(asked(KATHERINE_BRIDGE, steward)) == {golden.euid: ("probable", True) for golden in kept_apart}
    record = record_from_json(KATHERINE_BRIDGE, needs_number=False).record
    assert match(record=record, actor=steward, only_certain=True) == ()
    lift_separation(separation_uuid=Separation.objects.get().uuid, reason="The same after all", actor=steward)
    assert grades(asked(KATHERINE_BRIDGE, steward)) == {golden.euid: ("certain", False) for golden in kept_apart}


def test_one_of_two_who_are_kept_apart_stays_certain_where_the_other_does_not_fit(
    kept_apart: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    one, _ = kept_apart
    assert grades(asked(KATHERINE_BY_NUMBER, steward))[one.euid] == ("certain", False)


def test_what_was_said_of_a_quarantined_record_keeps_its_whole_person_apart(
    kept_apart: tuple[GoldenRecord, GoldenRecord], steward: Actor
) -> None:
    one, other = kept_apart
    tell("CLINIC", "1", KATHERINE_BY_NUMBER)
    assert owner("CLINIC", "1") == one
    tell("HIS", "1", ESTEBAN)  # an overlay: the record that the steward spoke of is quarantined
    assert grades(asked(KATHERINE_BRIDGE, steward)) == {golden.euid: ("probable", True) for golden in (one, other)}
