"""Whatever was merged, undoing all of it in any order is identity; and so is every undo right after its act."""

from __future__ import annotations

import random

import pytest

from mpi.commands import Actor
from mpi.models import GoldenRecord, IdentityEvent, Link
from mpi.services.act import ActResult
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records
from mpi.services.separate import separate
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from mpi.services.verify import verify_golden_record
from tests.services.telling import (
    ESTEBAN,
    KATHERINE,
    KATHERINE_BY_NUMBER,
    KATHERINE_MARRIED,
    MARCUS,
    MARGARET,
    MARJORIE,
    golden_state,
    owner,
    questions_rest_on_their_golden_records,
    record_of,
    state,
    tell,
)

TOLD = (
    ("HIS", "1", KATHERINE_BY_NUMBER),
    ("LAB", "2", KATHERINE_MARRIED),
    ("HIS", "3", MARGARET),
    ("LAB", "4", MARJORIE),
    ("HIS", "5", MARCUS),
    ("LAB", "5", MARCUS),
    ("CLINIC", "6", ESTEBAN),
)


@pytest.fixture
def town() -> None:
    """Six golden records with two open questions among them, and one of two source records."""
    for system, mrn, told in TOLD:
        tell(system, mrn, told)
    assert GoldenRecord.objects.count() == 6


def live(chance: random.Random) -> list[GoldenRecord]:
    found = list(GoldenRecord.objects.filter(status__in=("provisional", "confirmed")).order_by("pk"))
    chance.shuffle(found)
    return found


def merge_two(chance: random.Random, actor: Actor) -> ActResult:
    one, other, *_ = live(chance)
    return merge_golden_records(
        survivor_euid=one.euid, retired_euid=other.euid, versions={}, reason_code="slip", reason="", actor=actor
    )


def consistent() -> bool:
    """What must hold after every act."""
    open_links = Link.objects.filter(ended_at__isnull=True)
    return (
        open_links.count() == len(TOLD)
        and not open_links.filter(golden_record__status__in=("merged", "retired")).exists()
        and all(
            golden.member_count == open_links.filter(golden_record=golden).count()
            for golden in GoldenRecord.objects.all()
        )
        and questions_rest_on_their_golden_records()
    )


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("seed", [*range(8), 148, 220])
def test_merges_undone_in_any_order_restore_the_start(seed: int, steward: Actor) -> None:
    chance = random.Random(seed)
    start = state()
    acts = [merge_two(chance, steward) for _ in range(chance.randint(2, 5))]
    assert consistent()
    chance.shuffle(acts)
    for act in acts:
        undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
        assert consistent()
    assert state() == start


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("seed", [*range(8), 10, 127, 405])
def test_merges_and_undos_between_each_other_restore_the_start(seed: int, steward: Actor) -> None:
    chance = random.Random(1_000 + seed)
    start = state()
    standing: list[ActResult] = []
    for _ in range(10):
        if standing and (chance.random() < 0.4 or len(live(chance)) < 3):
            act = standing.pop(chance.randrange(len(standing)))
            undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
        else:
            standing.append(merge_two(chance, steward))
        assert consistent()
    while standing:
        act = standing.pop(chance.randrange(len(standing)))
        undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
    assert state() == start


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("seed", range(6))
def test_every_act_of_a_person_and_its_undo_are_identity(seed: int, steward: Actor) -> None:
    chance = random.Random(2_000 + seed)
    why = {"reason_code": "slip", "reason": "", "actor": steward}

    def link() -> ActResult:
        system, mrn, _ = chance.choice(TOLD)
        target = next(golden for golden in live(chance) if golden != owner(system, mrn))
        return link_record(record_id=record_of(system, mrn).pk, euid=target.euid, version=None, **why)

    def keep_apart() -> ActResult:
        one, other, *_ = live(chance)
        return separate(euid_a=one.euid, euid_b=other.euid, **why)

    def verify() -> ActResult:
        golden = next(golden for golden in live(chance) if not golden.verified)
        return verify_golden_record(euid=golden.euid, version=golden.version, reason="", actor=steward)

    def unlink() -> ActResult:
        return unlink_record(record_id=record_of("LAB", "5").pk, **why)

    for act in (link, keep_apart, verify, unlink, lambda: merge_two(chance, steward)):
        goldens, links, questions = state()
        events = IdentityEvent.objects.count()
        done = act()
        assert consistent()
        undo_event(event_uuid=done.event_uuid, reason="", actor=steward)
        assert IdentityEvent.objects.count() == events + 2
        emptied = {euid for euid, told in golden_state().items() if euid not in goldens and told["status"] == "retired"}
        after = {euid: told for euid, told in golden_state().items() if euid not in emptied}
        assert (after, *state()[1:]) == (goldens, links, questions)


@pytest.mark.usefixtures("town")
def test_a_new_record_between_merges_never_breaks_their_undoing(steward: Actor) -> None:
    for seed in range(6):
        chance = random.Random(3_000 + seed)
        acts = [merge_two(chance, steward) for _ in range(2)]
        tell("PORTAL", f"n{seed}", KATHERINE, street=f"{seed} Elm Row")
        acts.append(merge_two(chance, steward))
        chance.shuffle(acts)
        for act in acts:
            undo_event(event_uuid=act.event_uuid, reason="", actor=steward)
        assert questions_rest_on_their_golden_records()
        assert not Link.objects.filter(golden_record__status="merged", ended_at__isnull=True).exists()
        assert not GoldenRecord.objects.filter(status="merged", merged_into__isnull=True).exists()
