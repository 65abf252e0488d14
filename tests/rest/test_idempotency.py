"""`Idempotency-Key` on acts: once, whoever asks how often."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from mpi.errors import Busy, IdempotencyConflict, ServiceDown
from mpi.interop.rest.idempotency import Answer, once
from mpi.models import IdentityEvent
from tests.rest.callers import KATHERINE, MARCUS, Caller, versions_of

WHY = {"reason_code": "documents-seen"}


def test_a_merge_sent_twice_answers_as_the_first_time(caller: Caller) -> None:
    katherine = caller.put("records/MERCY/1", KATHERINE).body["euid"]
    marcus = caller.put("records/LAB/1", MARCUS).body["euid"]
    body = {"retired_euid": marcus, "versions": versions_of(caller, katherine, marcus), **WHY}
    path = f"golden-records/{katherine}/merge"
    first = caller.post(path, body, Idempotency_Key="merge-1")
    again = caller.post(path, body, Idempotency_Key="merge-1")
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert IdentityEvent.objects.filter(kind="merge").count() == 1


def test_the_same_key_for_another_act_is_refused(caller: Caller) -> None:
    katherine = caller.put("records/MERCY/1", KATHERINE).body["euid"]
    body = {"version": versions_of(caller, katherine)[katherine], "reason": "Seen"}
    assert caller.post(f"golden-records/{katherine}/verify", body, Idempotency_Key="k").status == 200
    other = caller.post(f"golden-records/{katherine}/verify", {**body, "reason": "Other"}, Idempotency_Key="k")
    assert (other.status, other.body["code"]) == (409, "idempotency-conflict")


def test_a_refused_act_may_be_tried_again_under_its_key(caller: Caller) -> None:
    katherine = caller.put("records/MERCY/1", KATHERINE).body["euid"]
    path = f"golden-records/{katherine}/verify"
    assert caller.post(path, {"version": 99, "reason": "Seen"}, Idempotency_Key="k").status == 409
    version = versions_of(caller, katherine)[katherine]
    assert caller.post(path, {"version": version, "reason": "Seen"}, Idempotency_Key="k").status == 200


def test_two_clients_may_use_the_same_key() -> None:
    for client in ("a", "b"):
        answer, replayed = once(client_id=client, key="k", request=client.encode(), act=lambda: Answer(200, {}))
        assert (answer.status, replayed) == (200, False)


def test_while_the_first_runs_the_second_is_told_to_wait() -> None:
    def act() -> Answer:
        with pytest.raises(Busy):
            once(client_id="a", key="k", request=b"x", act=lambda: Answer(200, {}))
        with pytest.raises(IdempotencyConflict):
            once(client_id="a", key="k", request=b"y", act=lambda: Answer(200, {}))
        return Answer(201, {"done": True})

    assert once(client_id="a", key="k", request=b"x", act=act) == (Answer(201, {"done": True}), False)
    assert once(client_id="a", key="k", request=b"x", act=act) == (Answer(201, {"done": True}), True)


def test_without_a_key_every_request_acts() -> None:
    done: list[int] = []

    def act() -> Answer:
        done.append(1)
        return Answer(200, {})

    for _ in range(2):
        once(client_id="a", key="", request=b"x", act=act)
    assert len(done) == 2


def test_without_its_store_a_keyed_act_is_refused_and_not_guessed(settings: Settings, tmp_path: Path) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"unix://{tmp_path}/nobody-listens.sock",
        }
    }
    with pytest.raises(ServiceDown):
        once(client_id="a", key="k", request=b"x", act=lambda: pytest.fail("it acted"))
    assert once(client_id="a", key="", request=b"x", act=lambda: Answer(200, {}))[0].status == 200


def test_without_the_broker_the_index_serves_and_health_says_degraded(
    caller: Caller, settings: Settings, tmp_path: Path
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"unix://{tmp_path}/nobody-listens.sock",
        }
    }
    assert caller.put("records/MERCY/1", KATHERINE, Idempotency_Key="k").status == 201
    health = Caller().get("health")
    assert (health.status, health.body["status"], health.body["broker"]) == (200, "degraded", "down")
