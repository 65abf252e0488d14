"""Many questions at once: each is answered as if it were alone, and written down before its answer leaves."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db import connection

from mpi.commands import Actor
from mpi.interop.rest.throttling import REQUESTS
from mpi.services.clients import create_client, revoke_client
from tests.concurrency.racing import Racers
from tests.rest.callers import Answered, Caller
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, MARGARET, MARJORIE, tell

_PEOPLE = (KATHERINE, MARCUS, ESTEBAN, MARGARET, MARJORIE)
_ROUNDS = 12
_EVENTS = "SELECT count(*) FROM audit_event WHERE action = 'match.requested' AND correlation_id = %s"


def written(answer: Answered) -> int:
    """Events of this question that another session sees now."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(_EVENTS, [UUID(answer.headers["X-Correlation-Id"])])
            return int(cursor.fetchone()[0])
    finally:
        other.close()


def asked(caller: Caller, told: dict[str, str]) -> tuple[bytes, int, int]:
    """The answer, the persons in it, and the events of it that are committed by now."""
    answer = caller.post("match", told)
    return answer.raw, len(answer.body["candidates"]), written(answer)


def test_answers_under_load_are_those_of_a_quiet_hour(racers: Racers, system: Actor) -> None:
    REQUESTS.reset()
    token = create_client(name="desk", scopes=["match"], actor=system).token
    for number, person in enumerate(_PEOPLE):
        tell("HIS", str(number), person)
        tell("LAB", str(number), person | {"phone": ""})
    alone = {number: asked(Caller(token), person)[0] for number, person in enumerate(_PEOPLE)}
    for round_ in range(_ROUNDS):
        numbers = [(round_ + place) % len(_PEOPLE) for place in range(8)]
        answers = racers.race([partial(asked, Caller(token), _PEOPLE[number]) for number in numbers])
        for number, (raw, persons, events) in zip(numbers, answers, strict=True):
            assert raw == alone[number]
            assert events == 1 + persons


def test_no_question_begun_after_a_revocation_is_answered(racers: Racers, system: Actor) -> None:
    REQUESTS.reset()
    token = create_client(name="desk", scopes=["match"], actor=system).token
    calls = [partial(Caller(token).post, "match", KATHERINE) for _ in range(8)]
    assert {answer.status for answer in racers.race(calls)} == {200}
    revoke_client(name="desk", actor=system)
    assert {answer.status for answer in racers.race(calls)} == {401}
