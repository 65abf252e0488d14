"""Linkage models over REST: read-only, by scope, without demographics."""

from __future__ import annotations

from matching.model_document import load_default
from mpi.access import Permission
from tests.rest.callers import Caller
from tests.rest.conftest import MakeCaller


def test_the_list_names_every_version_and_says_whether_to_train(make_caller: MakeCaller) -> None:
    caller = make_caller(Permission.MODEL_READ)
    answer = caller.get("linkage-models")
    assert answer.status == 200
    (item,) = answer.body["items"]
    assert (item["name"], item["status"]) == (load_default().version, "active")
    assert answer.body["retrain"] is None


def test_one_version_shows_its_weights(make_caller: MakeCaller) -> None:
    model = load_default()
    body = make_caller(Permission.MODEL_READ).get(f"linkage-models/{model.version}").body
    assert body["thresholds"] == {"automatic": model.thresholds.automatic, "review": model.thresholds.review}
    exact = body["comparisons"][0]["levels"][1]
    assert exact["bits"] == model.comparisons[0].levels[1].bits
    assert body["content_hash"] == model.content_hash


def test_an_unknown_version_and_a_missing_scope_are_refused(caller: Caller, make_caller: MakeCaller) -> None:
    assert caller.get("linkage-models/nothing").status == 404
    assert make_caller(Permission.MATCH).get("linkage-models").status == 403
    assert caller.call("POST", "linkage-models", body={}).status == 405
