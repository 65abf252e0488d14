"""Every page renders, for whom it should and nobody else, with fixed query counts and no PHI in addresses."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.models import InboundMessage, Job, LineError
from mpi.services.upsert import upsert_record

from .conftest import told

pytestmark = pytest.mark.django_db

FRAME = 8
"""Queries of every page: session, user, roles, open work, and the audit event's savepoint and rows."""


@pytest.fixture
def job(system: Actor) -> Job:
    row = Job.objects.create(
        kind="import",
        name="patients.csv",
        status="finished",
        total=2,
        actor_id=system.id,
        actor_name=system.name,
        correlation_id=uuid4(),
        started_at=timezone.now(),
    )
    LineError.objects.create(job=row, line=17, column=4, field="=cmd()", problem="is no date", mend="write 1971-03-09")
    return row


def _addresses(people, job):
    message = InboundMessage.objects.order_by("pk").first()
    return {
        "dashboard": reverse("dashboard"),
        "health": reverse("health"),
        "account": reverse("account"),
        "search": reverse("search"),
        "golden-record": reverse("golden-record", args=[people.margaret.euid]),
        "golden-source-records": reverse("golden-source-records", args=[people.margaret.euid]),
        "golden-history": reverse("golden-history", args=[people.margaret.euid]),
        "golden-as-of": reverse("golden-as-of", args=[people.margaret.euid]),
        "source-record": reverse("source-record", args=[people.record.pk]),
        "choose-merge": reverse("choose-merge", args=[people.margaret.euid]),
        "merge": reverse("merge", args=[people.margaret.euid, people.marjorie.euid]),
        "separate": reverse("separate", args=[people.margaret.euid, people.marjorie.euid]),
        "verify": reverse("verify", args=[people.marjorie.euid]),
        "unlink": reverse("unlink", args=[people.record.pk]),
        "unmask": reverse("unmask", args=[people.record.pk]),
        "messages": reverse("messages"),
        "message": reverse("message", args=[message.uuid]),
        "jobs": reverse("jobs"),
        "job": reverse("job", args=[job.uuid]),
        "job-errors": reverse("job-errors", args=[job.uuid]),
        "matching": reverse("matching"),
        "audit": reverse("audit"),
        "audit-csv": reverse("audit-csv"),
        "audit-ndjson": reverse("audit-ndjson"),
        "styleguide": reverse("styleguide"),
    }


OPEN_TO_ALL = {"dashboard", "health", "account", "styleguide"}
MAY = {
    "clerk": {"search", "golden-record", "golden-source-records", "golden-history", "source-record", "jobs", "job"}
    | {"golden-as-of"}
    | {"job-errors"},
    "steward": {"search", "golden-record", "golden-source-records", "golden-history", "source-record", "jobs", "job"}
    | {"golden-as-of"}
    | {"job-errors", "choose-merge", "merge", "separate", "verify", "unlink", "unmask", "messages", "message"}
    | {"matching"},
    "compliance officer": {
        "search",
        "golden-record",
        "golden-source-records",
        "golden-history",
        "matching",
        "golden-as-of",
    }
    | {"audit", "audit-csv", "audit-ndjson"},
    "administrator": {"jobs", "job", "job-errors", "matching"},
}


@pytest.mark.parametrize("role", MAY)
def test_a_role_sees_its_pages_and_is_refused_the_others(people, job, sign_in, role):
    browser = sign_in(role)
    answers = {name: browser.get(address).status_code for name, address in _addresses(people, job).items()}
    expected = {name: 200 if name in MAY[role] | OPEN_TO_ALL else 403 for name in answers}
    assert answers == expected


def test_a_refusal_is_written_down(people, sign_in):
    sign_in("administrator").get(reverse("golden-record", args=[people.margaret.euid]))
    event = AuditEvent.objects.get(action="access.refused")
    assert (event.actor_id, event.outcome) == ("administrator", "refused")


def test_no_page_is_kept_by_a_cache(people, job, sign_in):
    browser = sign_in("steward")
    for name, address in _addresses(people, job).items():
        if name in MAY["steward"] | OPEN_TO_ALL:
            assert browser.get(address).headers["Cache-Control"] == "no-store", name


def test_no_address_on_a_page_names_a_person_or_number(people, job, sign_in):
    browser = sign_in("steward")
    for name in ("golden-record", "golden-source-records", "golden-history", "source-record", "merge"):
        text = browser.get(_addresses(people, job)[name]).content.decode()
        for address in re.findall(r'(?:href|action|hx-get)="([^"]*)"', text):
            assert not re.search(r"holloway|margaret|4711|0815|8801|1971", address, re.IGNORECASE), address


def test_no_page_shows_a_whole_ssn(people, job, sign_in):
    browser = sign_in("steward")
    for name in ("golden-record", "golden-source-records", "golden-history", "source-record", "merge"):
        text = browser.get(_addresses(people, job)[name]).content.decode()
        assert "412558801" not in text
        assert "412-55-8801" not in text
    assert "•••-••-8801" in browser.get(_addresses(people, job)["golden-record"]).content.decode()


def test_the_banner_stands_on_each_page_of_a_person(people, job, sign_in):
    browser = sign_in("steward")
    for name in ("golden-record", "golden-source-records", "golden-history", "source-record", "unlink"):
        text = browser.get(_addresses(people, job)[name]).content.decode()
        banner = text[text.index('class="banner') : text.index("</section>", text.index('class="banner'))]
        for words in ("HOLLOWAY, Margaret Ann", "09-Mar-1971", "Female", "Confirmed"):
            assert words in banner, name


def test_reading_a_person_is_written_down_once(people, sign_in):
    sign_in("clerk").get(reverse("golden-record", args=[people.margaret.euid]))
    event = AuditEvent.objects.get(action="person.read")
    assert (event.actor_id, event.subjects) == ("clerk", [f"golden_record:{people.margaret.euid}"])


def test_an_euid_with_hyphens_is_the_same_person(people, sign_in):
    euid = people.margaret.euid
    spelt = f"/golden-records/{euid[:4].lower()}-{euid[4:8]}-{euid[8:]}/"
    assert sign_in("clerk").get(spelt).status_code == 200


def test_the_source_record_page_shows_the_evidence_and_its_plot(people, sign_in):
    text = sign_in("clerk").get(reverse("source-record", args=[people.record.pk])).content.decode()
    for words in ("same birth date", "Evidence in bits", 'role="img" aria-label="Evidence in bits.', "Total"):
        assert words in text


def test_an_update_shows_what_each_version_changed(people, sign_in, his_client):
    upsert_record(
        record=told("CLINIC", "CN-0815", ssn="412558801", phone="603-555-0999"), source_time=None, actor=his_client
    )
    text = sign_in("clerk").get(reverse("source-record", args=[people.record.pk])).content.decode()
    assert "Version 2" in text
    assert "<mark>" in text[text.index('aria-label="Versions"') :]


def test_errors_of_a_job_come_as_csv_that_no_spreadsheet_runs(people, job, sign_in):
    response = sign_in("clerk").get(reverse("job-errors", args=[job.uuid]))
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines == ["line,column,field,problem,mend", "17,4,'=cmd(),is no date,write 1971-03-09"]


def test_a_misspelt_filter_of_the_audit_log_is_refused_and_never_means_everything(people, sign_in):
    browser = sign_in("compliance officer")
    shown = browser.get(reverse("audit"), {"eiud": people.margaret.euid})
    assert shown.status_code == 422
    assert "no such filter: eiud" in shown.content.decode()
    assert browser.get(reverse("audit-csv"), {"eiud": people.margaret.euid}).status_code == 422


def test_the_audit_page_finds_all_of_one_person_and_exports_it(people, sign_in):
    browser = sign_in("compliance officer")
    browser.get(reverse("golden-record", args=[people.margaret.euid]))
    text = browser.get(reverse("audit"), {"euid": people.margaret.euid, "category": "read"}).content.decode()
    assert "Golden record read" in text
    response = browser.get(reverse("audit-csv"), {"euid": people.margaret.euid})
    exported = b"".join(response.streaming_content).decode()
    assert "person.read" in exported
    assert "golden.created" in exported
    assert AuditEvent.objects.filter(action="export.audit", actor_id="compliance").count() == 1


@pytest.mark.parametrize(
    "filters", [{"euid": "nonsense"}, {"since": "31-Feb-2026"}, {"correlation": "x"}, {"after": "x"}, {"action": "no"}]
)
def test_a_filter_that_cannot_be_is_a_clear_refusal(people, sign_in, filters):
    assert sign_in("compliance officer").get(reverse("audit"), filters).status_code == 422


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "1'", "²"])
def test_a_page_key_that_is_none_is_the_first_page(people, sign_in, before):
    browser = sign_in("steward")
    assert browser.get(reverse("messages"), {"before": before}).status_code == 200
    assert browser.get(reverse("golden-history", args=[people.margaret.euid]), {"before": before}).status_code == 200


LISTS = ("dashboard", "golden-record", "golden-source-records", "golden-history", "source-record", "messages", "jobs")


def test_no_query_count_grows_with_rows(people, job, sign_in, his_client, django_assert_max_num_queries):
    browser = sign_in("steward")
    addresses = _addresses(people, job)
    counts = {name: _queries(browser, addresses[name]) for name in LISTS}
    for number in range(6):
        record = told("CLINIC", f"CN-1{number}", ssn="412558801", phone=f"603-555-02{number}0")
        upsert_record(record=record, source_time=None, actor=his_client)
        Job.objects.create(
            kind="import", actor_id="x", actor_name="x", correlation_id=uuid4(), started_at=timezone.now()
        )
    after = {name: _queries(browser, addresses[name]) for name in LISTS}
    assert after == counts
    assert all(count <= FRAME + 14 for count in counts.values()), counts


def _queries(browser, address):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_a_refresh_after_the_session_ended_leads_to_sign_in(client):
    response = client.get(reverse("health"), headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"].startswith(reverse("sign-in"))


def test_the_health_card_refreshes_alone_and_is_a_page_without_htmx(people, sign_in):
    browser = sign_in("clerk")
    part = browser.get(reverse("health"), headers={"HX-Request": "true"}).content.decode()
    whole = browser.get(reverse("health")).content.decode()
    assert "<html" not in part
    assert "<html" in whole
    assert "PostgreSQL" in part
