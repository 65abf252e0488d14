"""Golden values set by stewards, through the door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.rest.callers import KATHERINE, Caller


@pytest.fixture
def katherine(caller: Caller) -> str:
    return str(caller.put("records/MERCY/1", KATHERINE).body["euid"])


def body(**changed: object) -> dict[str, object]:
    return {"field": "sex", "value": "M", "reason": "Passport", "version": 1, **changed}


def test_a_value_is_set_shown_with_its_reason_and_undone(caller: Caller, katherine: str) -> None:
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    act = caller.post(f"golden-records/{katherine}/overrides", body(expires_at=until))
    assert (act.status, act.body["kind"], act.body["undoable"]) == (201, "override", True)
    golden = caller.get(f"golden-records/{katherine}").body
    assert golden["values"]["sex"] == "M"
    assert golden["provenance"]["sex"]["override"]["reason"] == "Passport"
    assert caller.post(f"identity-events/{act.body['event_id']}/undo", {"reason": "slip"}).status == 200
    assert caller.get(f"golden-records/{katherine}").body["values"]["sex"] == "F"


def test_a_value_is_lifted(caller: Caller, katherine: str) -> None:
    caller.post(f"golden-records/{katherine}/overrides", body())
    lift = f"golden-records/{katherine}/overrides/sex/lift"
    assert caller.post(lift, {"reason": "wrong", "version": 1}).status == 409
    assert caller.post(lift, {"reason": "wrong", "version": 2}).status == 200
    assert caller.post(lift, {"reason": "wrong", "version": 3}).status == 404


def test_a_number_that_was_set_is_masked_in_every_answer(caller: Caller, katherine: str) -> None:
    caller.post(f"golden-records/{katherine}/overrides", body(field="ssn", value="536-22-8146"))
    for part in ("", "/versions", "/history"):
        raw = caller.get(f"golden-records/{katherine}{part}").raw.decode().replace("-", "")
        assert "536228146" not in raw
        assert "enc:" not in raw
    assert caller.get(f"golden-records/{katherine}").body["values"]["ssn"] == "•••-••-8146"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"field": "shoe_size"}, "field"),
        ({"value": "perhaps"}, "value"),
        ({"value": None}, "value"),
        ({"reason": ""}, "reason"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"version": 0}, "version"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_set_is_refused_by_field(
    caller: Caller, katherine: str, changed: dict[str, object], field: str
) -> None:
    answer = caller.post(f"golden-records/{katherine}/overrides", body(**changed))
    assert (answer.status, answer.body["flaws"][0]["field"]) == (422, field)
    assert caller.get(f"golden-records/{katherine}").body["version"] == 1
