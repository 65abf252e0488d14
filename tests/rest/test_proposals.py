"""The second person for programs: an act is refused, proposed, approved by another client, never by the same."""

from __future__ import annotations

from typing import Any

import pytest

from mpi.access import SCOPES, Permission
from mpi.models import GoldenRecord, GoldenStatus, Proposal
from tests.rest.callers import KATHERINE, MARCUS, Caller
from tests.rest.conftest import MakeCaller

pytestmark = pytest.mark.django_db
WHY = {"reason_code": "documents-seen", "reason": "Passport"}


@pytest.fixture(autouse=True)
def _policy_of_the_product(settings: Any) -> None:
    settings.SECOND_PERSON = settings.SECOND_PERSON_OF_THE_PRODUCT


@pytest.fixture
def sides(caller: Caller) -> dict[str, int]:
    """Katherine and Marcus, who have different SSNs: EUID → version."""
    told = [caller.put("records/MERCY/1", KATHERINE), caller.put("records/GRACE/2", MARCUS)]
    euids = [answer.body["euid"] for answer in told]
    return {euid: caller.get(f"golden-records/{euid}").body["version"] for euid in euids}


def _merge(sides: dict[str, int], **also: Any) -> dict[str, Any]:
    survivor, retired = sides
    return {"act": "merge", "survivor_euid": survivor, "retired_euid": retired, "versions": sides, **WHY, **also}


def test_a_merge_across_numbers_is_proposed_and_another_client_approves(
    caller: Caller, make_caller: MakeCaller, sides: dict[str, int]
) -> None:
    survivor, retired = sides
    preview = caller.post(f"golden-records/{survivor}/merge/preview", {"retired_euid": retired})
    assert preview.body["asked_by"] == ["conflicting-identifiers"]
    body = {"retired_euid": retired, "versions": sides, **WHY}
    refused = caller.post(f"golden-records/{survivor}/merge", body)
    assert (refused.status, refused.body["code"]) == (409, "second-person-needed")
    assert refused.body["asked_by"] == ["conflicting-identifiers"]

    proposed = caller.post("proposals", _merge(sides))
    assert (proposed.status, proposed.body["state"]) == (201, "open")
    assert proposed.body["versions"] == sides
    address = proposed.headers["Location"].removeprefix("/api/v1/")
    assert caller.get(address).body == proposed.body
    assert caller.post("proposals", _merge(sides)).body["id"] == proposed.body["id"]
    assert [one["id"] for one in caller.get("proposals").body["items"]] == [proposed.body["id"]]

    own = caller.post(f"{address}/approve", {})
    assert (own.status, own.body["code"]) == (403, "forbidden")
    plain = make_caller(*(scope for scope in SCOPES if scope != Permission.APPROVE))
    assert plain.post(f"{address}/approve", {}).status == 403
    assert not GoldenRecord.objects.filter(status=GoldenStatus.MERGED).exists()

    other = make_caller()
    approved = other.post(f"{address}/approve", {"reason": "Seen too"})
    assert (approved.status, approved.body["state"]) == (200, "approved")
    assert caller.get(f"golden-records/{retired}").body["merged_into"] == survivor
    undone = caller.post(f"identity-events/{approved.body['event_id']}/undo", {"reason": "The wrong row"})
    assert undone.status == 200
    again = other.post(f"{address}/reject", {"reason": "No"})
    assert (again.status, again.body["code"]) == (409, "already-decided")


def test_a_stale_proposal_is_refused_and_closed(caller: Caller, make_caller: MakeCaller, sides: dict[str, int]) -> None:
    proposed = caller.post("proposals", _merge(sides)).body
    caller.put("records/MERCY/1", {**KATHERINE, "street": "9 Linden Way"})
    assert caller.get(f"proposals/{proposed['id']}").body["current"] is False
    refused = make_caller().post(f"proposals/{proposed['id']}/approve", {})
    assert (refused.status, refused.body["code"]) == (409, "stale-version")
    assert caller.get("proposals?state=stale").body["items"][0]["id"] == proposed["id"]
    assert caller.get("proposals").body["items"] == []


def test_reject_and_withdraw(caller: Caller, make_caller: MakeCaller, sides: dict[str, int]) -> None:
    first = caller.post("proposals", _merge(sides)).body["id"]
    assert make_caller().post(f"proposals/{first}/reject", {}).status == 422
    assert make_caller().post(f"proposals/{first}/reject", {"reason": "A namesake"}).body["state"] == "rejected"
    second = caller.post("proposals", _merge(sides)).body["id"]
    assert make_caller().post(f"proposals/{second}/withdraw", {}).status == 403
    assert caller.post(f"proposals/{second}/withdraw", {}).body["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"act": "merge", **WHY}, "survivor_euid"),
        ({"act": "undo", "event_id": "0198c8f0-0000-7000-8000-000000000000", "mrn": "1"}, "mrn"),
        ({"act": "unlink", "source_system": "MERCY", **WHY}, "mrn"),
        ({"act": "overlay-split", "reason": "Twice"}, "task_id"),
        ({"act": "abolish"}, "act"),
    ],
)
def test_a_body_that_does_not_fit_its_act_is_refused_by_name(caller: Caller, body: Any, field: str) -> None:
    answer = caller.post("proposals", body)
    assert answer.status == 422
    assert field in [flaw["field"] for flaw in answer.body["flaws"]]
    assert not Proposal.objects.exists()


def test_every_other_act_can_be_proposed(caller: Caller, sides: dict[str, int]) -> None:
    caller.put("records/LAB/1", KATHERINE)
    link = {"act": "link", "source_system": "LAB", "mrn": "1", "euid": [*sides][1], **WHY}
    assert caller.post("proposals", link).body["asked_by"] == ["conflicting-identifiers"]
    unlink = {"act": "unlink", "source_system": "MERCY", "mrn": "1", **WHY}
    made = caller.post("proposals", unlink)
    assert made.body["asked_by"] == ["asked"]
    event = caller.get(f"golden-records/{next(iter(sides))}/history").body["items"][0]["id"]
    refused = caller.post("proposals", {"act": "unmerge", "event_id": event, "reason_code": "wrong-merge"})
    assert (refused.status, refused.body["code"]) == (409, "cannot-undo")
