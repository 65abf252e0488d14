"""A newcomer's first minutes, in a small town: `make demo ONCE=1` is this command with 10,000 records."""

from __future__ import annotations

import socket

import pytest

from tests.stories.index import Index

pytestmark = pytest.mark.slow
_IN_TOWN = """
SELECT count(*), count(*) FILTER (WHERE r.version = 1), (
  SELECT count(*) FROM mpi_inbound_message WHERE state <> 'applied' AND source_system = ANY(array_agg(DISTINCT s.code))
) FROM mpi_source_record r JOIN mpi_source_system s ON s.id = r.source_system_id
WHERE s.code IN ('GENHOSP', 'NORTHCLINIC', 'RIVERLAB', 'PORTAL')
"""
TOWN = ("demo", "--once", "--records", "600")


def test_the_demonstration_run_twice_is_the_same_town_without_duplicates(index: Index) -> None:
    first = index.ended(index.command(*TOWN))
    assert first["records"] == 600
    assert first["golden_records"] + first["auto_linked"] == 600
    assert first["pairwise_precision"] >= 0.999
    assert first["pairwise_recall"] >= 0.90
    assert set(first["seconds_by_stage"]) == {"start", "story", "generate", "receive", "match", "seal", "evaluate"}
    facts = index.facts()
    second = index.ended(index.command(*TOWN))
    assert second | {"seconds_by_stage": 0} == first | {"seconds_by_stage": 0}
    assert index.facts() == facts
    story = facts["records"] - 600
    assert story > 100, "the people of the story are beside the town, and in none of its figures"
    assert facts["created_events"] == facts["records"]
    with index.awake():
        assert index.sql(_IN_TOWN) == [(600, 600, 0)]


def test_another_size_or_a_busy_port_is_refused_before_anything_is_done(index: Index) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        refused = index.command("demo", "--port", str(busy.getsockname()[1]))
        assert refused.wait(60) == 1
    assert "Address already in use" in index.said()
    (index.home / "demo").mkdir(parents=True)
    (index.home / "demo" / "records-500.csv").touch()
    refused = index.command(*TOWN)
    assert refused.wait(60) == 1
    assert "was begun with records-500.csv" in index.said()
