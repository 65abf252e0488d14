"""Eight workers that get the same new person at the same instant make one golden record, every time."""

from __future__ import annotations

import random
from functools import partial

import pytest

from matching.standardise import standardise
from mpi.commands import system_actor
from mpi.mapping import record_from_flat
from mpi.models import GoldenRecord, Link, PotentialMatch
from mpi.services.active_model import active_model
from mpi.services.ingest import IngestResult, ingest
from mpi.services.parse import Key, keys_of
from mpi.services.receive import Draft, flat_payload, receive_many
from tests.concurrency.racing import Racers, holding, wait_for_waiters
from tests.services.telling import flat

WORKERS = 8
ROUNDS = 200


def variants(number: int) -> tuple[dict[str, str], dict[str, str]]:
    """One person told in two ways that share the social security number and no other blocking key."""
    chance = random.Random(number)
    name = "".join(chance.choice("aeiou" if place % 2 else "bdfgklmnprstv") for place in range(6))
    told = {
        "given_name": "Katherine",
        "middle_name": "Louise",
        "sex": "F",
        "ssn": f"{chance.randint(400, 600)}{chance.randint(10, 99)}{chance.randint(1_000, 9_999)}",
    }
    born = f"{chance.randint(1940, 1999)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    return told | {"family_name": f"O{name}"}, told | {"family_name": f"A{name}", "birth_date": born}


def keys(told: dict[str, str]) -> dict[int, Key]:
    mapped = record_from_flat(flat("HIS", "1", told))
    return {key.hash: key for key in keys_of(standardise(mapped.record, excessive=active_model().model.excessive))}


def shared_key(number: int) -> int:
    """The one key that both variants have."""
    one, other = (keys(told) for told in variants(number))
    (shared,) = one.keys() & other.keys()
    assert one[shared].rule == "ssn"
    assert min(len(one), len(other)) > 1
    return shared


def store_all(number: int) -> list[int]:
    """A message for each worker, both variants in turn, committed."""
    told = variants(number)
    drafts = [
        Draft("rest", flat_payload(flat("HIS", f"{number}-{worker}", told[worker % 2])), "HIS", f"{number}-{worker}")
        for worker in range(WORKERS)
    ]
    return [receipt.message_id for receipt in receive_many(drafts, actor=system_actor("test"), job=None)]


def apply(message_id: int) -> IngestResult:
    return ingest(message_ids=[message_id])[message_id]


@pytest.mark.slow
def test_pain_10_eight_workers_held_before_the_lock_make_one_golden_record_two_hundred_times(racers: Racers) -> None:
    for number in range(ROUNDS):
        ids = store_all(number)
        acts = [partial(apply, message_id) for message_id in ids]
        if number % 2:
            results = racers.race(acts)
        else:
            with holding(shared_key(number)):
                answers = racers.start(acts)
                wait_for_waiters(WORKERS)
            results = answers()
        assert [getattr(result, "outcome", result) for result in results] == ["created"] * WORKERS
    assert GoldenRecord.objects.filter(status="provisional", member_count=WORKERS).count() == ROUNDS
    assert GoldenRecord.objects.exclude(status="merged").count() == ROUNDS
    assert Link.objects.filter(ended_at__isnull=True).count() == ROUNDS * WORKERS
    assert not PotentialMatch.objects.filter(status="open").exists()


def test_one_batch_that_holds_the_person_eight_times_makes_one_golden_record() -> None:
    for number in range(20):
        ids = store_all(number)
        assert {result.outcome for result in ingest(message_ids=ids).values()} == {"created"}
        shared_key(number)
    assert GoldenRecord.objects.filter(member_count=WORKERS).count() == 20
    assert GoldenRecord.objects.exclude(status="merged").count() == 20
