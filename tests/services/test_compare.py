"""Compare: any two, by the engine's own evidence; nothing is linked."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import Forbidden, InvalidInput, NotFound
from mpi.mapping_json import record_from_json
from mpi.models import IdentityEvent, PotentialMatch
from mpi.services.compare import Named, compare
from mpi.services.relationship import relate
from mpi.services.separate import separate
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    KATHERINE_BY_NUMBER,
    MARCUS,
    MARGARET,
    MARJORIE,
    owner,
    question,
    record_of,
    tell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _index() -> None:
    for system, mrn, person in (
        ("HIS", "1", KATHERINE),
        ("LAB", "1", KATHERINE),
        ("HIS", "2", MARCUS),
        ("HIS", "3", MARGARET),
        ("LAB", "3", MARJORIE),
    ):
        tell(system, mrn, person)


def person(system: str, mrn: str) -> Named:
    return Named(reference=owner(system, mrn).euid)


def typed(told: dict[str, str]) -> Named:
    return Named(record=record_from_json(told, needs_number=False).record)


def test_two_persons_get_the_evidence_that_their_open_question_has(clerk: Actor) -> None:
    asked, events = question(), IdentityEvent.objects.count()
    found = compare(left=person("HIS", "3"), right=person("LAB", "3"), actor=clerk)
    assert found.evidence["match_weight_bits"] == pytest.approx(asked.bits, abs=1e-9)
    assert found.evidence["grade"] == asked.grade
    assert found.says.startswith("A steward would be asked")
    assert found.found_by
    assert IdentityEvent.objects.count() == events
    assert PotentialMatch.objects.get(status="open") == asked


def test_a_person_is_compared_by_each_of_its_records_and_both_are_audited_as_read(clerk: Actor) -> None:
    last = AuditEvent.objects.order_by("-id")[0].pk
    found = compare(left=person("HIS", "1"), right=Named(reference="2", system="HIS"), actor=clerk)
    assert [(line.left.mrn, line.right.mrn) for line in found.pairs] == [("1", "2"), ("1", "2")]
    assert found.pairs[0].bits >= found.pairs[1].bits
    assert found.says.startswith("They would be left apart")
    read = {(one.action, one.subject_id) for one in AuditEvent.objects.filter(pk__gt=last)}
    assert ("person.read", owner("HIS", "1").euid) in read
    assert ("record.read", str(record_of("HIS", "2").uuid)) in read


def test_a_record_is_compared_with_the_other_records_of_its_own_person(clerk: Actor) -> None:
    found = compare(left=Named(reference=f"#{record_of('LAB', '1').pk}"), right=person("HIS", "1"), actor=clerk)
    assert [(line.left.pk, line.right.pk) for line in found.pairs] == [
        (record_of("LAB", "1").pk, record_of("HIS", "1").pk)
    ]
    assert (found.are_one, found.says) == (True, "They are one person in this index now.")


def test_typed_values_are_compared_and_kept_nowhere(clerk: Actor) -> None:
    found = compare(left=typed(KATHERINE_BY_NUMBER), right=person("HIS", "1"), actor=clerk)
    assert found.says == "The engine would make them one person by itself."
    assert (found.left.golden, found.pairs[0].left) == (None, None)
    both = compare(left=typed(ESTEBAN), right=typed(MARCUS), actor=clerk)
    assert (both.found_by, both.evidence["grade"]) == ((), "certainly-not")
    same = compare(left=typed(ESTEBAN), right=typed({**ESTEBAN, "phone": ""}), actor=clerk)
    assert same.evidence["grade"] == "certain"


def test_a_separation_and_a_relationship_are_said(steward: Actor) -> None:
    one, other = owner("HIS", "3"), owner("LAB", "3")
    separate(euid_a=one.euid, euid_b=other.euid, reason_code="twins", reason="", actor=steward)
    relate(from_euid=one.euid, to_euid=other.euid, kind="twin", reason="Birth register", actor=steward)
    found = compare(left=person("HIS", "3"), right=person("LAB", "3"), actor=steward)
    assert found.says.startswith("They are kept apart")
    assert "A steward decided that these are different people." in found.held_by
    assert "two people" in found.kinship[0]


def test_what_names_nobody_is_refused_by_its_side(clerk: Actor, auditor: Actor) -> None:
    with pytest.raises(InvalidInput) as refused:
        compare(left=Named(reference="Katherine"), right=person("HIS", "1"), actor=clerk)
    assert [flaw.field for flaw in refused.value.flaws] == ["left"]
    with pytest.raises(InvalidInput):
        compare(left=Named(reference="2", system="HIS"), right=Named(reference="2", system="HIS"), actor=clerk)
    with pytest.raises(NotFound):
        compare(left=Named(reference="99", system="HIS"), right=person("HIS", "1"), actor=clerk)
    with pytest.raises(Forbidden):
        compare(left=person("HIS", "1"), right=person("HIS", "2"), actor=auditor)


def test_it_costs_the_same_for_two_and_for_ten_records(clerk: Actor, django_assert_max_num_queries: object) -> None:
    for number in range(8):
        tell("CLINIC", f"k{number}", KATHERINE)
    assert owner("HIS", "1").member_count == 10
    for named in (person("HIS", "1"), person("HIS", "3")):
        with django_assert_max_num_queries(22):
            compare(left=named, right=person("HIS", "2"), actor=clerk)
