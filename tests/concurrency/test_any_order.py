"""The same records in any order and in batches of any size end in the same persons, in PostgreSQL as in memory."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings

from matching.evaluate import evaluate
from matching.model_document import load_default
from matching.standardise import standardise
from mpi.codec import protected_standard
from mpi.commands import Actor
from mpi.mapping import record_from_flat
from mpi.models import Link
from mpi.services.import_file import register_new_systems
from mpi.services.ingest import ingest
from mpi.services.receive import Draft, flat_payload, receive_many
from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate
from tests.benchmarks.arriving import arrive
from tests.bulk.loads import load_in_bulk
from tests.conftest import empty_tables

_RECORDS = int(os.environ.get("MPI_ANY_ORDER", "300"))
"""10000 takes some minutes: MPI_ANY_ORDER=10000 pytest tests/concurrency/test_any_order.py -s"""
_SEED = 7
_AGREEMENT = 0.9995
_WITH_BULK = 0.999
Row = dict[str, str]
Persons = dict[str, int]
MODEL = load_default()


def _rows() -> list[Row]:
    return [record.as_dict() for record in generate(_RECORDS, _SEED)]


def _name(row: Row) -> str:
    return f"{row['source_system']}|{row['mrn']}"


def _shuffled(rows: Sequence[Row], number: int) -> list[Row]:
    told = list(rows)
    random.Random(number).shuffle(told)
    return told


def _in_memory(rows: Sequence[Row]) -> Persons:
    """Numbered as they come, as the index numbers them: equal evidence falls to the older record."""
    records = {
        number: protected_standard(standardise(record_from_flat(row).record, excessive=MODEL.excessive))
        for number, row in enumerate(rows)
    }
    persons = arrive(records, MODEL).persons
    return {_name(row): persons[number] for number, row in enumerate(rows)}


def _stored() -> Persons:
    links = Link.objects.filter(ended_at__isnull=True)
    told = links.values_list("source_record__source_system__code", "source_record__mrn", "golden_record")
    return {f"{system}|{mrn}": golden for system, mrn, golden in told}


def _in_the_index(rows: Sequence[Row], actor: Actor, *, batch: int) -> Persons:
    empty_tables()
    register_new_systems({row["source_system"] for row in rows}, actor=actor)
    drafts = [Draft("csv", flat_payload(row), row["source_system"], row["mrn"]) for row in rows]
    ids = [receipt.message_id for receipt in receive_many(drafts, actor=actor)]
    for first in range(0, len(ids), batch):
        ingest(message_ids=ids[first : first + batch])
    return _stored()


def _same(one: Persons, other: Persons) -> bool:
    """Whether the records are grouped alike, whatever the groups are called."""
    return len({*one.values()}) == len({*other.values()}) == len({(one[name], other[name]) for name in one})


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_any_order_and_any_batch_ends_in_the_persons_of_memory(system: Actor) -> None:
    rows = _rows()
    first: Persons = {}
    for number, batch in enumerate((1, settings.INGEST_BATCH, 37, settings.INGEST_BATCH, 1)):
        told = _shuffled(rows, number)
        stored = _in_the_index(told, system, batch=batch)
        assert _same(stored, _in_memory(told)), f"order {number} in batches of {batch} differs from memory"
        first = first or stored
        agreement = evaluate(first, stored)
        sys.stdout.write(f"order {number}, batches of {batch}: pairwise agreement {agreement.f1:.5f}\n")
        assert agreement.f1 >= _AGREEMENT


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_bulk_load_ends_in_nearly_the_same_persons(tmp_path: Path, system: Actor) -> None:
    stored = _in_the_index(_shuffled(_rows(), 1), system, batch=settings.INGEST_BATCH)
    empty_tables()
    path = tmp_path / "records.csv"
    write_population(generate(_RECORDS, _SEED), out=path, truth=tmp_path / "truth.csv")
    load_in_bulk(path, system)
    agreement = evaluate(_stored(), stored)
    sys.stdout.write(f"bulk and online: pairwise agreement {agreement.f1:.5f}\n")
    assert agreement.f1 >= _WITH_BULK
