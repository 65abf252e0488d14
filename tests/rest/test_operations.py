"""Messages, jobs, batches, the audit log and health."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from audit.checkpoint import ensure_signing_key
from audit.models import AuditEvent, Checkpoint
from audit.publish import published_file
from audit.seal import seal_all
from mpi.commands import Actor
from mpi.models import InboundMessage, Job, LineError, MessageState, SourceSystem
from mpi.services.import_file import finish_jobs
from mpi.services.ingest import ingest
from tests.rest.callers import KATHERINE, MARCUS, Answered, Caller
from tests.rest.conftest import MakeCaller

NDJSON = "application/x-ndjson"


def lines(*documents: object) -> bytes:
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in documents)


def send(caller: Caller, *documents: object, **headers: str) -> Answered:
    return caller.call("POST", "records/batch", raw=lines(*documents), content_type=NDJSON, **headers)


def number(system: str, mrn: str, person: dict[str, str]) -> dict[str, str]:
    return {"source_system": system, "mrn": mrn, **person}


def apply_all() -> None:
    waiting = InboundMessage.objects.filter(state=MessageState.RECEIVED).order_by("pk")
    ingest(message_ids=list(waiting.values_list("pk", flat=True)))


def test_a_batch_is_taken_as_a_job_and_each_line_has_an_outcome(caller: Caller) -> None:
    answer = send(caller, number("MERCY", "1", KATHERINE), number("GRACE", "7", KATHERINE))
    assert answer.status == 202
    job = caller.get(answer.headers["Location"]).body
    assert (job["status"], job["total"], job["counts"]) == ("running", 2, {"lines": 2, "received": 2})
    apply_all()
    assert caller.get(answer.headers["Location"]).body["counts"] == {"lines": 2, "applied": 2, "created": 2}
    told = caller.get(f"jobs/{job['id']}/lines").body["items"]
    assert [(line["line"], line["state"], line["outcome"]) for line in told] == [
        (1, "applied", "created"),
        (2, "applied", "created"),
    ]
    assert caller.get("records/MERCY/1").body["link"]["euid"] == caller.get("records/GRACE/7").body["link"]["euid"]


def test_a_job_whose_lines_are_all_dealt_with_is_finished(caller: Caller, operator: Actor) -> None:
    answer = send(caller, number("MERCY", "1", KATHERINE), b"{nonsense}")
    assert caller.get(answer.headers["Location"]).body["status"] == "running"
    apply_all()
    assert finish_jobs(operator) == 1
    job = caller.get(answer.headers["Location"]).body
    assert job["status"] == "finished"
    assert (job["counts"]["lines"], job["counts"]["created"], job["counts"]["rejected"]) == (2, 1, 1)


def test_bad_lines_are_named_and_the_others_are_taken(caller: Caller) -> None:
    answer = send(
        caller,
        number("MERCY", "1", KATHERINE),
        b'{"source_system": "MERCY", "mrn": ',
        b"",
        number("NOWHERE", "2", MARCUS),
        number("MERCY", "3", {**MARCUS, "birth_date": "1984-02-30"}),
        b"[1, 2]",
        b'{"mrn": "\xff"}',
        {**MARCUS, "source_system": "MERCY"},
        number("MERCY", "4", {**MARCUS, "shoe_size": "44"}),
        number("LAB", "5", MARCUS),
    )
    assert answer.status == 202
    assert Job.objects.get().total == 9
    assert InboundMessage.objects.count() == 2
    found = caller.get(f"jobs/{answer.body['id']}/errors").body["items"]
    assert [(error["line"], error["field"]) for error in found] == [
        (2, "body"),
        (4, "source_system"),
        (5, "birth_date"),
        (6, "body"),
        (7, "body"),
        (8, "mrn"),
        (9, "shoe_size"),
    ]
    assert found[0]["column"]
    assert all(error["mend"] for error in found)
    assert "Whitfield" not in str(found)


def test_errors_of_a_job_come_in_pages(caller: Caller) -> None:
    sent = send(caller, *[b"{}" for _ in range(5)])
    path = f"jobs/{sent.body['id']}/errors"
    whole = caller.get(path).body["items"]
    seen, cursor = [], ""
    while cursor is not None:
        page = caller.get(f"{path}?limit=2" + (f"&cursor={cursor}" if cursor else "")).body
        seen += page["items"]
        cursor = page["next"]
    assert seen == whole
    assert len(whole) == LineError.objects.count() > 5


def test_lines_for_another_system_are_refused_in_a_batch(make_caller: MakeCaller) -> None:
    caller = make_caller("records.write", "jobs", systems=("MERCY",))
    sent = send(caller, number("MERCY", "1", KATHERINE), number("LAB", "1", KATHERINE))
    assert sent.status == 202
    assert InboundMessage.objects.get().source_system == "MERCY"
    (error,) = caller.get(f"jobs/{sent.body['id']}/errors").body["items"]
    assert (error["line"], error["field"]) == (2, "source_system")


def test_a_batch_under_the_same_key_is_taken_once(caller: Caller) -> None:
    first = send(caller, number("MERCY", "1", KATHERINE), Idempotency_Key="load-7")
    again = send(caller, number("MERCY", "1", KATHERINE), Idempotency_Key="load-7")
    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Job.objects.count() == 1
    other = send(caller, number("MERCY", "1", MARCUS), Idempotency_Key="load-7")
    assert (other.status, other.body["code"]) == (409, "idempotency-conflict")


def test_a_batch_must_be_ndjson_and_not_empty(caller: Caller) -> None:
    assert caller.call("POST", "records/batch", raw=b"{}", content_type="application/json").status == 415
    assert caller.call("POST", "records/batch", raw=b"\n \n", content_type=NDJSON).status == 400


def test_jobs_are_listed_newest_first(caller: Caller) -> None:
    made = [send(caller, number("MERCY", str(n), KATHERINE)).body["id"] for n in range(3)]
    assert [job["id"] for job in caller.get("jobs").body["items"]] == made[::-1]
    page = caller.get("jobs?limit=2").body
    assert [job["id"] for job in caller.get(f"jobs?limit=2&cursor={page['next']}").body["items"]] == made[:1]


def test_a_message_tells_what_became_of_it_and_keeps_its_payload_inside(caller: Caller) -> None:
    put = caller.put("records/MERCY/1", KATHERINE, Idempotency_Key="k1").body
    answer = caller.get(f"messages/{put['message_id']}")
    assert answer.body["control_id"] == "k1"
    assert (answer.body["state"], answer.body["outcome"], answer.body["euid"]) == ("applied", "created", put["euid"])
    assert "payload" not in answer.body
    assert "Oyelaran" not in answer.raw.decode()


def test_messages_are_filtered_and_paged(caller: Caller) -> None:
    for n in range(3):
        caller.put(f"records/MERCY/{n}", {**MARCUS, "given_name": ("Ada", "Berta", "Carl")[n]})
    assert len(caller.get("messages?state=applied&source_system=MERCY").body["items"]) == 3
    assert caller.get("messages?state=dead").body["items"] == []
    first = caller.get("messages?limit=2").body
    second = caller.get(f"messages?limit=2&cursor={first['next']}").body
    assert len({row["id"] for row in first["items"] + second["items"]}) == 3


@pytest.fixture
def dead_letter(caller: Caller) -> InboundMessage:
    """A message that was rejected because its source system had gone."""
    caller.put("records/LAB/1", KATHERINE, Prefer="respond-async")
    SourceSystem.objects.filter(code="LAB").update(code="OLDLAB")
    message = InboundMessage.objects.get()
    ingest(message_ids=[message.pk])
    return message


def test_a_dead_letter_is_replayed_once_what_was_missing_is_there(caller: Caller, dead_letter: InboundMessage) -> None:
    told = caller.get("messages?state=rejected").body["items"][0]
    assert told["errors"][0]["field"] == "source_system"
    SourceSystem.objects.filter(code="OLDLAB").update(code="LAB")
    replayed = caller.post(f"messages/{told['id']}/replay")
    assert replayed.status == 202
    apply_all()
    assert caller.get(replayed.headers["Location"]).body["outcome"] == "created"
    assert AuditEvent.objects.filter(action="message.replayed").count() == 1


def test_what_was_applied_is_not_replayed(caller: Caller) -> None:
    put = caller.put("records/MERCY/1", KATHERINE).body
    answer = caller.post(f"messages/{put['message_id']}/replay")
    assert (answer.status, answer.body["code"]) == (409, "already-decided")


def test_unknown_messages_and_jobs_are_404(caller: Caller) -> None:
    for path in ("messages/{}", "jobs/{}", "jobs/{}/lines", "jobs/{}/errors"):
        assert caller.get(path.format(uuid4())).status == 404
    assert caller.post(f"messages/{uuid4()}/replay").status == 404


def test_the_audit_log_tells_who_did_what_to_whom(caller: Caller) -> None:
    euid = caller.put("records/MERCY/1", KATHERINE).body["euid"]
    caller.get(f"golden-records/{euid}")
    found = caller.get(f"audit-events?euid={euid}&action=person.read").body["items"]
    assert len(found) == 1
    assert found[0]["words"] == "Golden record read"
    assert f"golden_record:{euid.replace('-', '')}" in found[0]["subjects"]
    assert AuditEvent.objects.filter(action="audit.read").count() == 1


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("1939-05-18T19:11:06-21:16", 200),
        ("2026-02-12T08:30:00%2B10:36", 200),
        ("9999-12-31T23:59:59-23:59", 422),
        ("2026-02-12T08:30:00", 422),
    ],
)
def test_a_time_with_any_offset_is_understood_or_refused(caller: Caller, since: str, status: int) -> None:
    assert caller.get(f"audit-events?since={since}").status == status


def test_the_audit_log_is_paged_and_filtered(caller: Caller) -> None:
    caller.put("records/MERCY/1", KATHERINE)
    first = caller.get("audit-events?limit=1").body
    second = caller.get(f"audit-events?limit=1&cursor={first['next']}").body
    assert first["items"][0]["id"] != second["items"][0]["id"]
    correlation = first["items"][0]["correlation_id"]
    same = caller.get(f"audit-events?correlation_id={correlation}").body["items"]
    assert {event["correlation_id"] for event in same} == {correlation}
    assert caller.get("audit-events?until=2020-01-01T00:00:00Z").body["items"] == []
    refused = caller.get("audit-events?cursor=nonsense")
    assert (refused.status, refused.body["flaws"][0]["field"]) == (422, "cursor")


@pytest.fixture
def own_log(transactional_db: None, settings: Settings, tmp_path: Path) -> Path:
    """A signing key and a directory for checkpoints of this test alone; answers the directory."""
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "keys" / "audit-signing.pem")
    settings.AUDIT_CHECKPOINT_DIR = str(tmp_path / "checkpoints")
    ensure_signing_key(Path(settings.AUDIT_SIGNING_KEY_FILE))
    return tmp_path / "checkpoints"


def test_the_checkpoint_is_the_signed_note(own_log: Path, caller: Caller) -> None:
    assert caller.get("audit/checkpoint").status == 404
    seal_all()
    body = caller.get("audit/checkpoint").body
    assert body["size"] > 0
    assert body["root"] in body["note"]


def test_health_is_open_and_tells_no_person(caller: Caller, own_log: Path) -> None:
    caller.put("records/MERCY/1", KATHERINE)
    sealed = seal_all().sealed
    answer = Caller().get("health")
    assert answer.status == 200
    log = answer.body.pop("audit")
    assert answer.body == {"status": "ok", "database": "ok", "broker": "ok", "oldest_waiting_s": None}
    assert log.pop("signed_at") is not None
    figures = {"sealed": sealed, "pending": 0, "oldest_pending_s": None, "published": sealed}
    assert log == {"status": "ok", "problem": None, **figures}


def test_health_is_not_ok_once_the_audit_log_is_shorter_than_what_was_published(caller: Caller, own_log: Path) -> None:
    caller.put("records/MERCY/1", KATHERINE)
    seal_all()
    file = published_file(own_log)
    note = json.loads(file.read_text())["note"]
    size = str(Checkpoint.objects.get().size)
    file.write_text(json.dumps({"note": note.replace(f"\n{size}\n", f"\n{int(size) + 3}\n")}) + "\n")
    health = Caller().get("health").body
    assert (health["status"], health["audit"]["status"]) == ("degraded", "broken")
    assert "it was cut" in health["audit"]["problem"]


def test_health_is_not_ok_while_a_guard_of_the_audit_log_is_off(caller: Caller, own_log: Path) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', 'none', true)")
            cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only")
        health = Caller().get("health").body
        transaction.set_rollback(True)
    assert (health["status"], health["audit"]["status"]) == ("degraded", "broken")
    assert "guard" in health["audit"]["problem"]


def test_every_problem_code_is_explained_at_its_type() -> None:
    told = Caller().get("/api/problems").body
    assert {kind["code"] for kind in told} >= {"invalid-input", "busy", "internal-error", "method-not-allowed"}
    for kind in told:
        assert Caller().get(f"/api/problems/{kind['code']}").body == kind
        assert kind["meaning"]
    assert Caller().get("/api/problems/nonsense").status == 404
