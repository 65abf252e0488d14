"""Whatever goes wrong becomes a problem+json that says what to do; nothing of a patient stands in it or in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as drf

from mpi.errors import Flaw, MpiError, every_error
from mpi.interop.rest import errors as rest_errors
from mpi.interop.rest.errors import problem_of, translate
from tests.rest.callers import KATHERINE, Caller

SECRET = "Oyelaran 536-22-8145"
PLAIN = [kind for kind in every_error() if kind.__init__ is MpiError.__init__]


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_is_translated_with_its_own_status_and_code(kind: type[MpiError]) -> None:
    error = kind("What happened.", flaws=[Flaw("mrn", "is missing", "give it")], extra={"who": "Sonja"})
    problem = problem_of(error)
    document = problem.as_document(uuid4())
    assert 400 <= problem.status < 600
    assert problem.status != 500
    assert (problem.status, document["code"], document["title"]) == (kind.http_status, kind.code, kind.title)
    assert document["detail"] == "What happened."
    assert document["flaws"] == [{"field": "mrn", "problem": "is missing", "mend": "give it"}]
    assert document["who"] == "Sonja"
    assert ("Retry-After" in problem.headers) == kind.retryable
    assert ("WWW-Authenticate" in problem.headers) == (problem.status == 401)


def test_errors_that_share_a_code_are_parent_and_child() -> None:
    by_code: dict[str, type[MpiError]] = {}
    for kind in every_error():
        first = by_code.setdefault(kind.code, kind)
        assert issubclass(kind, first)
        assert kind.http_status == first.http_status


def test_what_an_error_adds_never_hides_a_member_of_the_problem() -> None:
    document = problem_of(MpiError("x", extra={"status": "merged", "code": "mine"})).as_document(uuid4())
    assert (document["status"], document["code"]) == (400, "error")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not-found"),
        (PermissionDenied(), 403, "forbidden"),
        (RequestDataTooBig(), 413, "too-large"),
        (SuspiciousOperation(SECRET), 400, "malformed"),
        (UnreadablePostError(SECRET), 400, "malformed"),
        (drf.ParseError(SECRET), 400, "malformed"),
        (drf.ValidationError(SECRET), 400, "malformed"),
        (drf.NotAuthenticated(), 401, "not-authenticated"),
        (drf.AuthenticationFailed(), 401, "not-authenticated"),
        (drf.PermissionDenied(), 403, "forbidden"),
        (drf.NotFound(), 404, "not-found"),
        (DataError(SECRET), 400, "malformed"),
        (IntegrityError(SECRET), 409, "conflict"),
        (caused(OperationalError(SECRET), psycopg.errors.LockNotAvailable()), 503, "busy"),
        (caused(OperationalError(SECRET), psycopg.errors.DeadlockDetected()), 503, "busy"),
        (caused(OperationalError(SECRET), psycopg.errors.QueryCanceled()), 503, "busy"),
        (caused(OperationalError(SECRET), psycopg.errors.AdminShutdown()), 503, "service-down"),
        (OperationalError(SECRET), 503, "service-down"),
        (InterfaceError(SECRET), 503, "service-down"),
        (DatabaseError(SECRET), 500, "internal-error"),
        (ValueError(SECRET), 500, "internal-error"),
        (KeyError(SECRET), 500, "internal-error"),
        (RecursionError(), 500, "internal-error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_errors_of_others_are_translated_without_their_text(error: Exception, status: int, code: str) -> None:
    document = problem_of(error).as_document(uuid4())
    assert (document["status"], document["code"]) == (status, code)
    assert SECRET not in str(document)


def fails(error: Exception) -> Callable[..., None]:
    def act(**_: object) -> None:
        raise error

    return act


@pytest.fixture
def quiet_caller(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """A caller whose match fails inside the index, as a defect of ours would make it fail."""
    monkeypatch.setattr("mpi.interop.rest.views.match.match", fails(ValueError(SECRET)))
    return caller


def test_a_defect_of_ours_answers_500_with_the_correlation_id_only(
    quiet_caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(AssertionError) as told:
        quiet_caller.post("match", KATHERINE)  # the caller of these tests takes no 500
    problem = told.value.args[0]
    assert problem["code"] == "internal-error"
    assert problem["correlation_id"] in caplog.text
    assert SECRET not in str(problem)
    assert SECRET not in caplog.text
    assert "ValueError" in caplog.text
    assert "match.py" in caplog.text
    assert "/api/v1/match" not in caplog.text, "an address can hold a record number"
    assert "internal-error" in caplog.text


def test_the_log_names_the_correlation_id_of_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    correlation_id = UUID(int=7)
    with caplog.at_level(logging.ERROR):
        translate(ValueError(SECRET), correlation_id)
        translate(rest_errors.NotFound("x"), correlation_id)
    assert len(caplog.records) == 1
    assert str(correlation_id) in caplog.text


def test_a_database_that_is_gone_answers_503(transactional_db: None, caller: Caller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with psycopg.connect(**_as_owner()) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [backend])
    answer = caller.get("jobs")
    assert (answer.status, answer.body["code"]) == (503, "service-down")
    assert answer.headers["Retry-After"]
    connection.close()
    assert caller.get("jobs").status == 200


def _as_owner() -> dict[str, object]:
    told = connection.get_connection_params()
    return {name: told[name] for name in ("dbname", "user", "password", "host", "port") if told.get(name)}
