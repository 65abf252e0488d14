"""Who may call, with which scope, for which source system; and what is written down when somebody may not."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import AuditEvent
from mpi.access import SCOPES
from mpi.commands import Actor
from mpi.errors import Forbidden, InvalidInput, NotFound
from mpi.interop.rest.throttling import FAILURES, Quota
from mpi.models import ApiClient, User
from mpi.services.clients import create_client, find_client, revoke_client, rotate_token
from tests.rest.callers import KATHERINE, Caller
from tests.rest.conftest import MakeCaller

NUMBER = "00000000-0000-4000-8000-000000000000"
SCOPE_OF = {
    ("POST", "match"): "match",
    ("POST", "records"): "records.write",
    ("PUT", "records/MERCY/1"): "records.write",
    ("GET", "records/MERCY/1"): "records.read",
    ("DELETE", "records/MERCY/1"): "records.write",
    ("POST", "records/batch"): "records.write",
    ("GET", "golden-records?family_name=x"): "persons.read",
    ("POST", "golden-records/search"): "persons.read",
    ("GET", "golden-records/7QK42M9X8B3H"): "persons.read",
    ("GET", "golden-records/7QK42M9X8B3H/history"): "persons.read",
    ("GET", "golden-records/7QK42M9X8B3H/versions"): "persons.read",
    ("GET", "golden-records/7QK42M9X8B3H/source-records"): "persons.read",
    ("POST", "golden-records/7QK42M9X8B3H/merge"): "merge",
    ("POST", "golden-records/7QK42M9X8B3H/verify"): "merge",
    ("GET", "cross-references?system=MERCY&mrn=1"): "records.read",
    ("POST", f"identity-events/{NUMBER}/undo"): "merge",
    ("POST", f"identity-events/{NUMBER}/unmerge"): "merge",
    ("POST", "links"): "merge",
    ("POST", "unlink"): "merge",
    ("POST", "separations"): "merge",
    ("POST", f"separations/{NUMBER}/lift"): "merge",
    ("GET", "potential-matches"): "review",
    ("GET", f"potential-matches/{NUMBER}"): "review",
    ("POST", f"potential-matches/{NUMBER}/resolve"): "review",
    ("GET", "proposals"): "review",
    ("POST", "proposals"): "review",
    ("POST", f"proposals/{NUMBER}/approve"): "proposals.approve",
    ("GET", "messages"): "messages",
    ("GET", f"messages/{NUMBER}"): "messages",
    ("POST", f"messages/{NUMBER}/replay"): "messages",
    ("GET", "jobs"): "jobs",
    ("GET", f"jobs/{NUMBER}"): "jobs",
    ("GET", f"jobs/{NUMBER}/lines"): "jobs",
    ("GET", f"jobs/{NUMBER}/errors"): "jobs",
    ("GET", "audit-events"): "audit.read",
    ("GET", "audit/checkpoint"): "audit.read",
}


@pytest.mark.parametrize(("method", "path"), SCOPE_OF)
def test_without_a_token_every_address_answers_401(db: None, method: str, path: str) -> None:
    answer = Caller().call(method, path)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), SCOPE_OF)
def test_every_address_wants_its_own_scope_and_names_it(make_caller: MakeCaller, method: str, path: str) -> None:
    needed = SCOPE_OF[method, path]
    answer = make_caller(*(scope for scope in SCOPES if scope != needed)).call(method, path)
    assert answer.status == 403
    assert needed in answer.body["detail"]
    refusal = AuditEvent.objects.get(action="access.refused")
    assert (refusal.outcome, refusal.detail["permission"]) == ("refused", needed)


@pytest.mark.parametrize(
    "header",
    ["Basic YTpi", "Bearer", "Bearer ", "Bearer mpi_short", "Bearer " + "x" * 5000, "mpi_abc", "Bearer é\u00ff"],
)
def test_a_header_that_is_no_valid_token_answers_401(db: None, header: str) -> None:
    assert Caller().get("jobs", Authorization=header).status == 401


def test_a_wrong_token_is_written_down_and_a_missing_one_is_not(db: None) -> None:
    failures = AuditEvent.objects.filter(action="sign_in.failed")
    Caller().get("jobs")
    assert not failures.exists()
    Caller("mpi_" + "x" * 43).get("jobs")
    event = failures.get()
    assert (event.outcome, event.source) == ("refused", "rest")


def test_many_wrong_tokens_from_one_address_are_held_off(db: None) -> None:
    answers = [Caller("mpi_" + "x" * 43).get("jobs") for _ in range(32)]
    assert answers[0].status == 401
    assert answers[-1].status == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert AuditEvent.objects.filter(action="sign_in.failed").count() < 32
    FAILURES.reset()


def test_a_client_writes_only_for_its_own_systems(make_caller: MakeCaller) -> None:
    caller = make_caller("records.write", "records.read", "merge", systems=("MERCY",))
    assert caller.put("records/MERCY/1", KATHERINE).status == 201
    for refused in (
        caller.put("records/LAB/1", KATHERINE),
        caller.post("records", {"source_system": "LAB", "mrn": "1", **KATHERINE}),
        caller.call("DELETE", "records/LAB/1"),
        caller.post("unlink", {"source_system": "LAB", "mrn": "1", "reason_code": "slip"}),
    ):
        assert refused.status == 403
        assert refused.body["systems"] == ["MERCY"]
    assert AuditEvent.objects.filter(action="access.refused").count() == 4


def test_a_revoked_client_is_out_at_once(make_caller: MakeCaller, operator: Actor) -> None:
    caller = make_caller("jobs")
    assert caller.get("jobs").status == 200
    revoke_client(name=ApiClient.objects.get().client_id, actor=operator)
    assert caller.get("jobs").status == 401


def test_the_token_itself_is_kept_nowhere(db: None, operator: Actor) -> None:
    made = create_client(name="his", scopes=["match"], actor=operator)
    row = ApiClient.objects.values().get()
    assert made.token not in str(row)
    assert len(bytes(row["token_hash"])) == 32
    found = find_client(made.token)
    assert found is not None
    assert found.client_id == "his"
    assert made.token not in str(list(AuditEvent.objects.values()))


def test_rotating_voids_the_old_token(db: None, operator: Actor) -> None:
    old = create_client(name="his", scopes=["match"], actor=operator).token
    new = rotate_token(name="his", actor=operator).token
    assert find_client(old) is None
    assert find_client(new) is not None


def test_only_who_manages_users_makes_clients(db: None, his_client: Actor) -> None:
    with pytest.raises(Forbidden):
        create_client(name="other", scopes=["match"], actor=his_client)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"scopes": ["match", "ssn.unmask"]}, "scopes"), ({"scopes": []}, "scopes"), ({"systems": ["X"]}, "systems"),
     ({"name": "…"}, "name"), ({"name": "x" * 65}, "name")],
)  # fmt: skip
def test_a_client_that_cannot_be_is_refused(db: None, operator: Actor, changed: dict[str, object], field: str) -> None:
    wanted: dict[str, object] = {"name": "his", "scopes": ["match"], **changed}
    with pytest.raises(InvalidInput) as refused:
        create_client(actor=operator, **wanted)  # type: ignore[arg-type]
    assert refused.value.flaws[0].field == field
    assert not ApiClient.objects.exists()


def test_an_unknown_client_cannot_be_rotated(db: None, operator: Actor) -> None:
    with pytest.raises(NotFound):
        rotate_token(name="nobody", actor=operator)


def run(*words: str) -> str:
    told = StringIO()
    call_command("createclient", *words, stdout=told)
    return told.getvalue()


def test_the_command_prints_a_key_that_works(systems: tuple[str, ...]) -> None:
    told = run("his", "--scopes", "jobs,match", "--systems", "MERCY")
    token = told.strip().splitlines()[-1]
    assert Caller(token).get("jobs").status == 200
    assert Caller(token).get("messages").status == 403


def test_the_command_prints_json_and_refuses_a_taken_name(systems: tuple[str, ...]) -> None:
    told = json.loads(run("his", "--scopes", "all", "--json"))
    assert told["client_id"] == "his"
    assert set(told["scopes"]) == set(SCOPES)
    with pytest.raises(CommandError, match="is taken"):
        run("his", "--scopes", "match")
    assert Caller(told["token"]).get("jobs").status == 200
    rotated = json.loads(run("his", "--rotate", "--json"))
    assert Caller(told["token"]).get("jobs").status == 401
    assert Caller(rotated["token"]).get("jobs").status == 200


def test_the_command_names_a_scope_that_is_none(db: None) -> None:
    with pytest.raises(CommandError, match="is no scope"):
        run("his", "--scopes", "everything")


def test_a_quota_refuses_and_says_how_long_to_wait() -> None:
    quota = Quota(per_minute=60, burst=2, words="Enough.")
    quota.spend("a")
    quota.spend("a")
    with pytest.raises(Exception, match="Wait 1 s") as refused:
        quota.spend("a")
    assert refused.value.extra["retry_after"] == 1  # type: ignore[attr-defined]
    quota.spend("b")


def test_the_documentation_is_open_and_loads_nothing_from_elsewhere(db: None) -> None:
    assert Caller().get("/api/schema/?format=json").body["openapi"].startswith("3.")
    browser = Client()
    page = browser.get("/api/docs/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert b"<script>" not in page.content
    assert b"https://" not in page.content
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
    assert b"SwaggerUIBundle" in browser.get("/api/docs/?script=").content


def test_a_browser_session_opens_no_address_but_the_documentation(systems: tuple[str, ...]) -> None:
    browser = Client()
    user = User.objects.create(username="carla", is_superuser=True)
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/api/v1/jobs").status_code == 401
