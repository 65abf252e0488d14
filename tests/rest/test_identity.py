"""Identity acts through the door: merge, undo, unmerge, link, unlink, separate, verify."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import pytest

from audit.models import AuditEvent
from mpi.models import GoldenRecord, GoldenStatus, Separation
from tests.rest.callers import KATHERINE, MARCUS, Answered, Caller, merge, versions_of

WHY = {"reason_code": "documents-seen", "reason": "Passport"}


@dataclass(frozen=True, slots=True)
class Two:
    """Two persons: Katherine of MERCY 1 and Marcus of LAB 3."""

    katherine: str
    marcus: str


@pytest.fixture
def two(caller: Caller) -> Two:
    katherine = caller.put("records/MERCY/1", KATHERINE).body["euid"]
    return Two(katherine, caller.put("records/LAB/3", MARCUS).body["euid"])


def try_merge(caller: Caller, two: Two, **changed: object) -> Answered:
    body = {"retired_euid": two.marcus, "versions": {}, **WHY, **changed}
    return caller.post(f"golden-records/{two.katherine}/merge", body)


def test_merging_retires_one_and_tells_how_to_undo(caller: Caller, two: Two) -> None:
    act = merge(caller, survivor=two.katherine, retired=two.marcus)
    assert (act["kind"], act["undoable"]) == ("merge", True)
    assert act["euids"][0] == two.katherine
    assert caller.get(f"golden-records/{two.marcus}").body["merged_into"] == two.katherine


def test_what_a_merge_would_do_is_shown_and_nothing_is_changed(caller: Caller, two: Two) -> None:
    before = GoldenRecord.objects.order_by("pk").values_list("version", "status", "merged_into")
    stood = list(before)
    answer = caller.post(f"golden-records/{two.katherine}/merge/preview", {"retired_euid": two.marcus})
    assert answer.status == 200, answer.body
    told = answer.body
    assert (told["moved_records"], told["separated"]) == (1, False)
    assert told["redirected_euids"] == [told["retired"]["euid"]]
    assert list(before.all()) == stood
    assert AuditEvent.objects.filter(action="person.read").count() >= 2
    merge(caller, survivor=two.katherine, retired=two.marcus)
    assert caller.get(f"golden-records/{two.katherine}").body["values"] == told["values"]
    again = caller.post(f"golden-records/{two.katherine}/merge/preview", {"retired_euid": two.marcus})
    assert (again.status, again.body["code"]) == (409, "already-merged")
    itself = caller.post(f"golden-records/{two.katherine}/merge/preview", {"retired_euid": two.katherine})
    assert (itself.status, itself.body["flaws"][0]["field"]) == (422, "retired")


def test_merge_then_undo_restores_both_field_by_field(caller: Caller, two: Two) -> None:
    before = [caller.get(f"golden-records/{euid}").body for euid in (two.katherine, two.marcus)]
    act = merge(caller, survivor=two.katherine, retired=two.marcus)
    undone = caller.post(f"identity-events/{act['event_id']}/undo", {"reason": "The wrong row"})
    assert undone.status == 200
    after = [caller.get(f"golden-records/{euid}").body for euid in (two.katherine, two.marcus)]
    for left, right in zip(before, after, strict=True):
        for field in ("euid", "requested_euid", "merged_into", "status", "values", "provenance", "source_record_count"):
            assert left[field] == right[field]
    assert not Separation.objects.exists()


def test_an_act_is_undone_once(caller: Caller, two: Two) -> None:
    act = merge(caller, survivor=two.katherine, retired=two.marcus)
    path = f"identity-events/{act['event_id']}/undo"
    assert caller.post(path, {"reason": "The wrong row"}).status == 200
    again = caller.post(path, {"reason": "The wrong row"})
    assert (again.status, again.body["code"]) == (409, "cannot-undo")


def test_unmerge_restores_both_and_keeps_them_apart(caller: Caller, two: Two) -> None:
    act = merge(caller, survivor=two.katherine, retired=two.marcus)
    unmerged = caller.post(f"identity-events/{act['event_id']}/unmerge", {"reason_code": "wrong-merge", "reason": ""})
    assert unmerged.status == 200
    assert caller.get(f"golden-records/{two.marcus}").body["merged_into"] is None
    assert Separation.objects.count() == 1
    refused = try_merge(caller, two, versions=versions_of(caller, two.katherine, two.marcus))
    assert (refused.status, refused.body["code"]) == (409, "separated")


def test_a_stale_version_refuses_the_act_and_changes_nothing(caller: Caller, two: Two) -> None:
    versions = versions_of(caller, two.katherine, two.marcus)
    caller.put("records/MERCY/1", {**KATHERINE, "street": "9 Linden Way"})
    refused = try_merge(caller, two, versions=versions)
    assert (refused.status, refused.body["code"]) == (409, "stale-version")
    assert not GoldenRecord.objects.filter(status=GoldenStatus.MERGED).exists()


def test_a_merged_golden_record_is_not_merged_again(caller: Caller, two: Two) -> None:
    merge(caller, survivor=two.katherine, retired=two.marcus)
    refused = try_merge(caller, two, versions=versions_of(caller, two.katherine) | {two.marcus: 1})
    assert (refused.status, refused.body["code"]) == (409, "already-merged")


def test_a_merge_that_claims_no_versions_is_refused(caller: Caller, two: Two) -> None:
    for claimed in ({}, versions_of(caller, two.katherine)):
        refused = try_merge(caller, two, versions=claimed)
        assert (refused.status, refused.body["flaws"][0]["field"]) == (422, "versions")
    assert caller.get(f"golden-records/{two.marcus}").body["merged_into"] is None


def test_a_golden_record_is_not_merged_into_itself(caller: Caller, two: Two) -> None:
    assert try_merge(caller, two, retired_euid=two.katherine).status == 422


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason_code": "because"}, "reason_code"),
        ({"reason_code": None}, "reason_code"),
        ({"retired_euid": "7QK4-2M9X-8B3Z"}, "retired_euid"),
        ({"retired_euid": ["x"]}, "retired_euid"),
        ({"versions": {"x": "one"}}, "versions.x"),
        ({"versions": [1]}, "versions"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "a\u0000b"}, "reason"),
        ({"survivor": "me"}, "survivor"),
    ],
)
def test_every_flaw_of_a_body_is_named(caller: Caller, two: Two, changed: dict[str, object], field: str) -> None:
    answer = try_merge(caller, two, **changed)
    assert answer.status == 422
    assert field in {flaw["field"] for flaw in answer.body["flaws"]}


def test_a_missing_member_is_named(caller: Caller, two: Two) -> None:
    answer = caller.post(f"golden-records/{two.katherine}/merge", {})
    assert {flaw["field"] for flaw in answer.body["flaws"]} == {"retired_euid", "versions", "reason_code"}


def test_linking_by_hand_moves_the_record_and_unlinking_gives_it_its_own(caller: Caller, two: Two) -> None:
    version = versions_of(caller, two.katherine)[two.katherine]
    body = {"source_system": "LAB", "mrn": "3", "euid": two.katherine, "version": version, **WHY}
    linked = caller.post("links", body)
    assert (linked.status, linked.body["kind"]) == (201, "link")
    assert caller.get("records/LAB/3").body["link"]["euid"] == two.katherine
    unlinked = caller.post("unlink", {"source_system": "LAB", "mrn": "3", **WHY})
    assert (unlinked.status, unlinked.body["kind"]) == (200, "unlink")
    own = caller.get("records/LAB/3").body["link"]
    assert own["euid"] not in (two.katherine, two.marcus)
    assert own["golden_status"] == "provisional"


def test_linking_with_a_stale_version_is_refused(caller: Caller, two: Two) -> None:
    body = {"source_system": "LAB", "mrn": "3", "euid": two.katherine, "version": 99, **WHY}
    assert caller.post("links", body).status == 409


def test_acts_on_a_record_that_is_not_there_are_404(caller: Caller, two: Two) -> None:
    assert caller.post("unlink", {"source_system": "LAB", "mrn": "nobody", **WHY}).status == 404


def test_a_separation_stands_until_it_is_lifted(caller: Caller, two: Two) -> None:
    made = caller.post("separations", {"euids": [two.katherine, two.marcus], **WHY})
    assert (made.status, made.body["kind"]) == (201, "separate")
    versions = versions_of(caller, two.katherine, two.marcus)
    assert try_merge(caller, two, versions=versions).body["code"] == "separated"
    separation = Separation.objects.get()
    lifted = caller.post(f"separations/{separation.uuid}/lift", {"reason": "The same after all"})
    assert lifted.status == 200
    assert try_merge(caller, two, versions=versions_of(caller, two.katherine, two.marcus)).status == 200


def test_a_separation_is_of_two(caller: Caller, two: Two) -> None:
    for euids in ([], [two.katherine], [two.katherine, two.marcus, two.marcus]):
        assert caller.post("separations", {"euids": euids, **WHY}).status == 422


def test_verifying_confirms_a_provisional_golden_record(caller: Caller, two: Two) -> None:
    version = versions_of(caller, two.katherine)[two.katherine]
    body = {"version": version, "reason": "Seen in person"}
    assert caller.post(f"golden-records/{two.katherine}/verify", body).status == 200
    assert caller.get(f"golden-records/{two.katherine}").body["status"] == "confirmed"


def test_acts_on_unknown_events_are_404(caller: Caller) -> None:
    for act in ("undo", "unmerge"):
        body = {"reason": "x"} if act == "undo" else {"reason_code": "wrong-merge"}
        assert caller.post(f"identity-events/{uuid4()}/{act}", body).status == 404
        assert caller.post(f"identity-events/not-a-uuid/{act}", body).status == 404
    assert caller.post(f"separations/{uuid4()}/lift", {"reason": "x"}).status == 404


def test_pain_17_an_act_is_audited_once_with_actor_and_reason(caller: Caller, two: Two) -> None:
    act = merge(caller, survivor=two.katherine, retired=two.marcus)
    event = AuditEvent.objects.get(action="golden.merged")
    assert (event.reason_code, event.reason_text, event.source) == ("documents-seen", "Passport", "rest")
    assert event.detail["event"] == act["event_id"]
