"""Batches: told twice nothing changes, and a batch makes the same persons as one message after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import combinations

import pytest
from django.db import transaction

from mpi.commands import Actor, system_actor
from mpi.models import Decision, GoldenRecord, IdentityEvent, InboundMessage, Link, PotentialMatch, SourceRecord
from mpi.services.export import links
from mpi.services.ingest import ingest
from mpi.services.receive import Draft, flat_payload, receive
from mpi.services.systems import register_system
from mpi.synthetic.generate import generate

_SEED = 20_250_301


def generated(count: int, *, seed: int = _SEED) -> list[dict[str, str]]:
    """Flat rows of a synthetic population, as an import file would hold them."""
    return [{name: value for name, value in record.as_dict().items() if value} for record in generate(count, seed)]


@pytest.fixture(autouse=True)
def _generated_systems(system: Actor) -> None:
    for row in generated(60):
        register_system(code=row["source_system"], actor=system)


def store(rows: Sequence[dict[str, str]]) -> list[int]:
    actor = system_actor("test")
    return [
        receive(Draft("csv", flat_payload(row), row["source_system"], row["mrn"]), actor=actor).message_id
        for row in rows
    ]


def apply(ids: Sequence[int], size: int) -> list[str]:
    """Apply in batches of a size; the outcomes."""
    outcomes = []
    for start in range(0, len(ids), size):
        results = ingest(message_ids=ids[start : start + size])
        outcomes += [result.outcome for result in results.values()]
    return outcomes


def pairs(owners: dict[tuple[str, str], str]) -> set[frozenset[Hashable]]:
    """Every two records of one person."""
    members: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, euid in owners.items():
        members[euid].append(key)
    return {frozenset(pair) for keys in members.values() for pair in combinations(keys, 2)}


def test_three_hundred_records_told_twice_change_nothing_the_second_time() -> None:
    rows = generated(300)
    first = apply(store(rows), 100)
    assert first.count("created") + first.count("updated") == 300
    tables = (SourceRecord, GoldenRecord, Link, IdentityEvent, Decision, PotentialMatch)
    before = ([table.objects.count() for table in tables], links())
    versions = list(GoldenRecord.objects.order_by("pk").values_list("pk", "version", "status"))
    last = {(row["source_system"], row["mrn"]): row for row in rows}
    again = apply(store(list(last.values())), 100)
    assert set(again) == {"unchanged"}
    assert ([table.objects.count() for table in tables], links()) == before
    assert list(GoldenRecord.objects.order_by("pk").values_list("pk", "version", "status")) == versions
    assert not InboundMessage.objects.exclude(state="applied").exists()


@pytest.mark.slow
def test_batches_of_a_hundred_and_one_by_one_make_the_same_persons() -> None:
    rows = generated(600)
    told: list[set[frozenset[Hashable]]] = []
    for size in (100, 1):
        point = transaction.savepoint()
        apply(store(rows), size)
        told.append(pairs(links()))
        transaction.savepoint_rollback(point)
    batched, single = told
    assert len(single) > 200
    assert len(batched & single) / len(batched | single) >= 0.9995


def test_one_batch_holds_a_new_person_eight_times_and_makes_one_golden_record() -> None:
    row = generated(1)[0] | {"ssn": "536-22-8145"}
    rows = [row | {"mrn": f"{row['mrn']}-{number}"} for number in range(8)]
    assert apply(store(rows), 8) == ["created"] * 8
    assert GoldenRecord.objects.count() == 1
    assert GoldenRecord.objects.get().member_count == 8


def test_every_stored_state_of_a_batch_keeps_the_invariants() -> None:
    apply(store(generated(200)), 50)
    open_links = Link.objects.filter(ended_at__isnull=True)
    assert open_links.count() == SourceRecord.objects.count()
    assert not open_links.filter(golden_record__status__in=("merged", "retired")).exists()
    for golden in GoldenRecord.objects.all():
        assert golden.member_count == golden.links.filter(ended_at__isnull=True).count()
        newest = golden.history.order_by("-history_id")[0]
        assert (newest.version, newest.status, newest.values) == (golden.version, golden.status, golden.values)
    for record in SourceRecord.objects.all():
        assert sorted(record.history.values_list("version", flat=True)) == list(range(1, record.version + 1))
