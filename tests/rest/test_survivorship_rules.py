"""Survivorship rules through the door: what chooses a value, and that golden records name it."""

from __future__ import annotations

from mpi.commands import Actor
from mpi.services.rules_run import follow_rules
from tests.rest.callers import KATHERINE, Caller
from tests.services.ruling import activate, draft, previewed


def test_rules_are_listed_and_read_with_how_far_they_are_followed(caller: Caller, supervisor: Actor) -> None:
    euid = caller.put("records/MERCY/1", {**KATHERINE, "phone": "937-555-0101"}).body["euid"]
    caller.put("records/GRACE/7", {**KATHERINE, "phone": "937-555-0102"})
    assert caller.get(f"golden-records/{euid}").body["survivorship_rules"] == "default-1"
    draft(supervisor, "by-rank", phone=["source_rank"])
    assert caller.get("survivorship-rules/by-rank").body["preview"] is None
    previewed(supervisor, "by-rank")
    seen = caller.get("survivorship-rules/by-rank").body["preview"]
    assert (seen["against"], seen["golden_records_changed"]) == ("default-1", 1)
    assert (seen["changed_by_field"], seen["problem"]) == ({"phone": 1}, None)
    activate(supervisor, "by-rank")
    items = caller.get("survivorship-rules").body["items"]
    assert [(row["name"], row["status"]) for row in items] == [("by-rank", "active"), ("default-1", "superseded")]
    follow_rules()
    one = caller.get("survivorship-rules/by-rank").body
    assert (one["criteria"]["phone"], one["ranks"], one["approver"]) == (["source_rank"], {}, "Sven")
    assert one["activations"][0]["golden_records_changed"] == 1
    assert one["activations"][0]["finished_at"]
    golden = caller.get(f"golden-records/{euid}").body
    assert (golden["values"]["phone"], golden["survivorship_rules"]) == ("937-555-0101", "by-rank")
    assert "rules" not in golden["provenance"]


def test_unknown_rules_are_not_found(caller: Caller) -> None:
    assert caller.get("survivorship-rules/unknown").status == 404
