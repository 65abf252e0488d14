"""What a stress run counts of its messages: applied, rejected by design, rejected otherwise, waiting, lost."""

from __future__ import annotations

import pytest

from mpi.commands import Actor, system_actor
from mpi.management.stress.inbox import settled
from mpi.models import RecordState, SourceRecord
from mpi.services.ingest import ingest
from mpi.services.receive import Draft, flat_payload, receive_many
from mpi.services.source_merge import merge_source_records
from mpi.services.subsumed import MERGED_NUMBER
from mpi.services.systems import register_system
from tests.services.telling import KATHERINE, MARCUS

pytestmark = pytest.mark.django_db


def send(control_id: str, mrn: str, told: dict[str, str], *, apply: bool = True) -> None:
    row = {"source_system": "HIS", "mrn": mrn, **told}
    receipts = receive_many(
        [Draft("rest", flat_payload(row), "HIS", mrn, control_id)], actor=system_actor("stress", source="command")
    )
    if apply:
        ingest(message_ids=[receipt.message_id for receipt in receipts])


def test_rejections_are_told_apart_and_only_those_by_design_are_expected(steward: Actor, system: Actor) -> None:
    register_system(code="HIS", name="HIS", rank=10, actor=system)
    send("first", "1", KATHERINE)
    send("second", "2", KATHERINE)
    merge_source_records(system="HIS", survivor_mrn="1", subsumed_mrn="2", reason_code="slip", reason="", actor=steward)
    assert SourceRecord.objects.get(mrn="2").state == RecordState.SUBSUMED
    send("under a merged number", "2", {**KATHERINE, "street": "9 Linden Way"})
    send("an unknown column", "3", {**MARCUS, "shoe_size": "42"})
    send("waits", "4", MARCUS, apply=False)
    told = settled({"first", "second", "under a merged number", "waits", "never came"})
    assert (told["acknowledged"], told["applied"], told["rejected"], told["lost"]) == (5, 2, 1, 2)
    assert (told["unsettled"], told["unexpected"]) == (1, 1)
    assert told["rejections"].pop(MERGED_NUMBER) == 1
    ((why, count),) = told["rejections"].items()
    assert (bool(why), count) == (True, 1)
