"""Two at once: people against people, people against the engine, worker against worker."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from mpi.commands import Actor
from mpi.errors import AlreadyDecided, AlreadyMerged, CannotUndo, IdempotencyConflict, MpiError, StaleVersion
from mpi.models import GoldenRecord, IdentityEvent, InboundMessage, Link, SourceRecord
from mpi.services.act import ActResult
from mpi.services.ingest import ingest
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records
from mpi.services.receive import Draft, Receipt, flat_payload, receive
from mpi.services.resolve import resolve_potential_match
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from mpi.services.upsert import apply_now
from tests.concurrency.racing import Racers
from tests.services.telling import (
    KATHERINE,
    MARCUS,
    MARGARET,
    MARJORIE,
    flat,
    link_of,
    owner,
    question,
    record_of,
    state,
    store,
    tell,
    versions,
)

_GIVEN = (
    "Abigail",
    "Bertrand",
    "Cordelia",
    "Desmond",
    "Euphemia",
    "Florian",
    "Gwendolyn",
    "Horatio",
    "Isolde",
    "Jerome",
)
_FAMILY = (
    "Zimmer",
    "Yarborough",
    "Whitfield",
    "Underhill",
    "Thibodeaux",
    "Rasmussen",
    "Pfeiffer",
    "Novak",
    "Lundqvist",
    "Haas",
)


def somebody(number: int, *, her: bool) -> dict[str, str]:
    """Twenty people of whom no two share anything but the state: rounds of a race must not meet."""
    place = number + (10 if her else 0)
    return {
        "given_name": _GIVEN[number] if her else _GIVEN[9 - number][::-1].capitalize(),
        "family_name": _FAMILY[number][::-1].capitalize() if her else _FAMILY[number],
        "birth_date": f"{1931 + 3 * place}-{1 + place % 12:02}-{1 + place:02}",
        "sex": "F" if her else "M",
        "street": f"{11 + 37 * place} {_FAMILY[9 - number]} Road",
        "city": _GIVEN[number] + "ville",
        "state": "OH",
        "postal_code": f"{43001 + 97 * place}",
        "phone": f"{614 + place}-555-01{10 + place}",
    }


def merge(survivor: GoldenRecord, retired: GoldenRecord, seen: dict[str, int], actor: Actor) -> ActResult:
    return merge_golden_records(
        survivor_euid=survivor.euid,
        retired_euid=retired.euid,
        versions=seen,
        reason_code="documents-seen",
        reason="",
        actor=actor,
    )


def no_link_is_left_behind() -> bool:
    """Every record has one open link, to a live golden record whose count is right."""
    open_links = Link.objects.filter(ended_at__isnull=True)
    counts_agree = all(
        golden.member_count == golden.links.filter(ended_at__isnull=True).count()
        for golden in GoldenRecord.objects.all()
    )
    return (
        open_links.count() == SourceRecord.objects.exclude(state="deleted").count()
        and not open_links.filter(golden_record__status__in=("merged", "retired")).exists()
        and counts_agree
    )


@pytest.mark.parametrize("crossed", [False, True])
def test_of_two_stewards_who_merge_at_once_one_is_told_that_it_has_changed(
    racers: Racers, steward: Actor, second_steward: Actor, crossed: bool
) -> None:
    for number in range(5):
        tell("HIS", f"k{number}", somebody(number, her=True))
        tell("HIS", f"m{number}", somebody(number, her=False))
        one, other = owner("HIS", f"k{number}"), owner("HIS", f"m{number}")
        seen = versions(one, other)
        sides = ((one, other), (other, one) if crossed else (one, other))
        results = racers.race(
            [partial(merge, *side, seen, actor) for side, actor in zip(sides, (steward, second_steward), strict=True)]
        )
        assert sorted(isinstance(result, ActResult) for result in results) == [False, True]
        assert all(isinstance(result, ActResult | StaleVersion | AlreadyMerged) for result in results)
    assert IdentityEvent.objects.filter(kind="merge").count() == 5
    assert no_link_is_left_behind()


def test_of_two_stewards_who_answer_at_once_the_second_is_told_who_was_first(
    racers: Racers, steward: Actor, second_steward: Actor
) -> None:
    tell("HIS", "1", MARGARET)
    tell("LAB", "2", MARJORIE)
    match = question()

    def answer(outcome: str, actor: Actor) -> ActResult:
        return resolve_potential_match(
            uuid=match.uuid, outcome=outcome, version=match.version, reason_code="twins", reason="", actor=actor
        )

    results = racers.race([partial(answer, "same", steward), partial(answer, "different", second_steward)])
    lost = next(result for result in results if not isinstance(result, ActResult))
    winner = next(result for result in results if isinstance(result, ActResult))
    assert isinstance(lost, AlreadyDecided | StaleVersion | AlreadyMerged)
    match.refresh_from_db()
    assert match.status == ("same" if winner.kind == "same-person" else "different")
    assert IdentityEvent.objects.filter(kind__in=("same-person", "different-people")).count() == 1


def test_of_two_who_undo_at_once_one_is_told_that_it_is_undone(
    racers: Racers, steward: Actor, second_steward: Actor
) -> None:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    before = state()
    one, other = owner("HIS", "1"), owner("HIS", "2")
    act = merge(one, other, versions(one, other), steward)

    def undo(event: UUID, actor: Actor) -> ActResult:
        return undo_event(event_uuid=event, reason="", actor=actor)

    results = racers.race([partial(undo, act.event_uuid, actor) for actor in (steward, second_steward)])
    assert sorted(isinstance(result, CannotUndo) for result in results) == [False, True]
    assert state() == before


def test_a_merge_against_ingest_leaves_no_record_with_the_retired_golden_record(racers: Racers, steward: Actor) -> None:
    for number in range(10):
        tell("HIS", f"k{number}", somebody(number, her=True))
        tell("HIS", f"m{number}", somebody(number, her=False))
        one, other = owner("HIS", f"k{number}"), owner("HIS", f"m{number}")
        new = store("LAB", f"m{number}", somebody(number, her=False))
        updated = store("HIS", f"m{number}", somebody(number, her=False), email=f"{_FAMILY[number]}@example.org")
        results = racers.race(
            [
                partial(merge, one, other, {}, steward),
                partial(ingest, message_ids=[new]),
                partial(ingest, message_ids=[updated]),
            ]
        )
        assert not [result for result in results if isinstance(result, Exception)]
        assert link_of("HIS", f"m{number}").golden_record == one
    assert no_link_is_left_behind()
    assert not InboundMessage.objects.exclude(state="applied").exists()


def test_unlinking_and_linking_one_record_at_once_leave_it_one_link(
    racers: Racers, steward: Actor, second_steward: Actor
) -> None:
    for number in range(5):
        told = somebody(number, her=True)
        tell("HIS", f"k{number}", told)
        tell("LAB", f"k{number}", told)
        tell("HIS", f"e{number}", somebody(number, her=False))
        record_id, target = record_of("LAB", f"k{number}").pk, owner("HIS", f"e{number}").euid
        results = racers.race(
            [
                partial(unlink_record, record_id=record_id, reason_code="namesake", reason="", actor=steward),
                partial(
                    link_record,
                    record_id=record_id,
                    euid=target,
                    version=None,
                    reason_code="namesake",
                    reason="",
                    actor=second_steward,
                ),
            ]
        )
        assert all(isinstance(result, ActResult | MpiError) for result in results)
        assert any(isinstance(result, ActResult) for result in results)
        assert Link.objects.filter(source_record=record_id, ended_at__isnull=True).count() == 1
    assert no_link_is_left_behind()


def test_two_batches_in_opposite_order_never_deadlock(racers: Racers, settings: object) -> None:
    """With one attempt only, a deadlock or a lost lock would be an error."""
    settings.LOCK_ATTEMPTS = 1  # type: ignore[attr-defined]
    people = [KATHERINE | {"family_name": f"Surname{letter}", "ssn": ""} for letter in "abcdefghijklmnopqrst"]
    for number in range(4):
        forward = [store("HIS", f"{number}-{place}", told) for place, told in enumerate(people)]
        backward = [store("LAB", f"{number}-{place}", told) for place, told in reversed(list(enumerate(people)))]
        results = racers.race([partial(ingest, message_ids=ids) for ids in (forward, backward)])
        assert not [result for result in results if isinstance(result, Exception)]
        assert [len(result) for result in results] == [20, 20]
    assert not InboundMessage.objects.exclude(state="applied").exists()
    for place in range(len(people)):
        assert len({owner(system, f"{number}-{place}").pk for system in ("HIS", "LAB") for number in range(4)}) == 1


def test_two_workers_with_one_hint_apply_it_once(racers: Racers) -> None:
    ids = [store("HIS", str(number), KATHERINE, family_name=_FAMILY[number]) for number in range(10)]
    results = racers.race([partial(ingest, message_ids=ids)] * 4)
    applied = [message_id for result in results for message_id in result]
    assert sorted(applied) == sorted(ids)
    assert set(SourceRecord.objects.values_list("version", flat=True)) == {1}


def test_the_same_control_id_at_once_stores_one_message(racers: Racers, his_client: Actor) -> None:
    draft = Draft("rest", flat_payload(flat("HIS", "1", KATHERINE)), "HIS", "1", control_id="C-1")
    results = racers.race([partial(receive, draft, actor=his_client)] * 8)
    assert {type(result) for result in results} == {Receipt}
    assert sorted(result.replayed for result in results) == [False] + [True] * 7
    assert len({result.uuid for result in results}) == InboundMessage.objects.count() == 1


def test_the_same_control_id_with_two_payloads_at_once_refuses_one(racers: Racers, his_client: Actor) -> None:
    drafts = [
        Draft("rest", flat_payload(flat("HIS", "1", told)), "HIS", "1", control_id="C-1")
        for told in (KATHERINE, MARCUS)
    ]
    results = racers.race([partial(receive, draft, actor=his_client) for draft in drafts])
    assert sorted(type(result).__name__ for result in results) == ["IdempotencyConflict", "Receipt"]
    assert any(isinstance(result, IdempotencyConflict) for result in results)


def test_eight_updates_of_one_record_at_once_are_all_applied_in_their_order(racers: Racers, his_client: Actor) -> None:
    def upsert(number: int) -> str:
        draft = Draft("rest", flat_payload(flat("HIS", "1", KATHERINE, email=f"k{number}@example.org")), "HIS", "1")
        return apply_now(receive(draft, actor=his_client)).state

    results = racers.race([partial(upsert, number) for number in range(8)])
    assert results == ["applied"] * 8
    record = record_of("HIS", "1")
    assert record.version == 8
    stored = list(InboundMessage.objects.order_by("pk").values_list("pk", flat=True))
    assert list(record.history.order_by("history_id").values_list("message_id", flat=True)) == stored
