"""Batches of an import that share no key: the workers do not wait for one another."""

from __future__ import annotations

from matching.blocking import blocking_keys
from matching.records import PatientRecord
from matching.standardise import standardise
from mpi.mapping import record_from_flat
from mpi.services.apart import batches_apart
from mpi.synthetic.generate import generate


def _records(count: int) -> list[PatientRecord]:
    return [record_from_flat(record.as_dict()).record for record in generate(count, 11)]


def _keys(record: PatientRecord) -> set[tuple[str, str]]:
    return {(key.rule, key.value) for key in blocking_keys(standardise(record))}


def test_every_record_is_in_one_batch_and_no_two_batches_share_a_key() -> None:
    records = _records(1_000)
    batches = batches_apart(records, size=100)
    assert sorted(place for batch in batches for place in batch) == list(range(1_000))
    assert len(batches) <= 11
    assert all(batch == sorted(batch) and len(batch) <= 100 for batch in batches)
    keys = [set().union(*(_keys(records[place]) for place in batch)) for batch in batches]
    assert all(not one & other for number, one in enumerate(keys) for other in keys[number + 1 :])


def test_in_their_order_they_would_share_many() -> None:
    records = _records(400)
    keys = [set().union(*map(_keys, records[first : first + 100])) for first in range(0, 400, 100)]
    assert any(one & other for number, one in enumerate(keys) for other in keys[number + 1 :])


def test_versions_of_one_record_stay_together_and_in_order() -> None:
    first, *others = _records(150)
    batches = batches_apart([first, *others, first], size=100)
    (batch,) = [batch for batch in batches if 0 in batch]
    assert batch[-1] == 150


def test_more_than_a_batch_that_hangs_together_is_divided_in_order() -> None:
    records = _records(1) * 250
    assert batches_apart(records, size=100) == [[*range(100)], [*range(100, 200)], [*range(200, 250)]]
    assert batches_apart([], size=100) == []
