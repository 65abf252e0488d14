"""What a bulk load promises besides its rows: the same errors, all or nothing, and an index that works on."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from audit.models import AuditEvent
from mpi.commands import Actor
from mpi.errors import Busy, InvalidInput, ServiceDown
from mpi.mapping import record_from_flat
from mpi.models import GoldenRecord, InboundMessage, Job, JobStatus, LineError, Link, MessageState, SourceRecord
from mpi.services.bulk_import import apply_open_messages, bulk_import
from mpi.services.match import match
from mpi.services.receive import Draft, flat_payload, receive
from mpi.services.upsert import upsert_record
from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate
from tests.bulk.loads import HEADER, load_in_bulk, load_online, started
from tests.conftest import empty_tables

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

_LINES = (
    HEADER + "HIS,1,Margaret,Holloway,1970-03-14,F,536-22-1234,217-555-1234\n"
    "HIS,2,John,Smith,1980-13-45,M,,\n"
    "HIS,,Nobody,Known,1980-01-01,M,,\n"
    "LAB,7,Margaret,Holloway,1970-03-14,F,536-22-1234,\n"
    'HIS,3,"Unclosed,Smith,1980-01-01,M,,\n'
    "LAB,7,Margaret,Holloway,1970-03-14,F,536-22-1234,\n"
    "HIS,1,Margaret,Holloway-Reed,1970-03-14,F,536-22-1234,217-555-1234\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "records.csv"
    path.write_text(_LINES)
    return path


def _told(job: Job) -> tuple[object, ...]:
    columns = ("line", "column", "field", "problem", "mend")
    return job.status, job.counts, sorted(map(str, LineError.objects.filter(job=job).values_list(*columns)))


def test_bad_repeated_and_doubtful_lines_are_reported_as_by_an_ordinary_import(file: Path, system: Actor) -> None:
    ordinary = _told(load_online(file, system))
    empty_tables()
    job, report = load_in_bulk(file, system)
    assert _told(job) == ordinary
    assert report.records == 3


def test_a_second_line_of_a_record_is_an_update_after_the_load(file: Path, system: Actor) -> None:
    _, report = load_in_bulk(file, system)
    record = SourceRecord.objects.get(source_system__code="HIS", mrn="1")
    assert report.late == 1
    assert (record.version, record.history.count()) == (2, 2)
    assert record.standard["name"]["family"] == "HOLLOWAY REED"
    assert not InboundMessage.objects.exclude(state=MessageState.APPLIED).exists()


def test_online_work_goes_on_upon_a_loaded_index(file: Path, system: Actor, his_client: Actor) -> None:
    load_in_bulk(file, system)
    margaret = Link.objects.get(source_record__source_system__code="LAB", ended_at__isnull=True).golden_record
    row = {"source_system": "HIS", "mrn": "99", "given_name": "Margaret", "family_name": "Holloway"}
    told = record_from_flat(row | {"birth_date": "1970-03-14", "ssn": "536221234", "sex": "F"}).record
    found = match(record=told, actor=his_client)
    assert [candidate.golden.euid for candidate in found] == [margaret.euid]
    result = upsert_record(record=told, source_time=None, actor=system)
    assert result.standing is not None
    assert result.standing.euid == margaret.euid
    assert GoldenRecord.objects.get(pk=margaret.pk).member_count == 3


class _PulledPlug(Exception):
    """The end of the power supply, as far as a test can have it."""


def test_a_load_that_breaks_off_leaves_nothing_but_the_failed_job(tmp_path: Path, system: Actor) -> None:
    path = tmp_path / "records.csv"
    write_population(generate(4_100, 3, 2), out=path, truth=tmp_path / "truth.csv")
    job = started(path, system)
    indexes, events = _indexes(), AuditEvent.objects.count()
    read = 0

    def advance(lines: int) -> None:
        nonlocal read
        read += lines
        if read > 4_000:
            raise _PulledPlug

    with pytest.raises(_PulledPlug):
        bulk_import(path, job, actor=system, advance=advance)
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert "nothing of it was kept" in job.error
    assert not InboundMessage.objects.exists()
    assert not SourceRecord.objects.exists()
    assert AuditEvent.objects.count() == events
    assert _indexes() == indexes
    _, report = load_in_bulk(path, system)
    assert report.records == 4_100
    assert _indexes() == indexes


def _indexes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
            " SELECT conrelid::regclass || ' ' || conname || pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]


def test_open_work_is_waited_for(file: Path, system: Actor) -> None:
    load_in_bulk(file, system)
    row = {"source_system": "HIS", "mrn": "5", "given_name": "Ann", "family_name": "Lee"}
    receive(Draft("rest", flat_payload(row), "HIS", "5"), actor=system)
    with pytest.raises(Busy, match="still open"):
        bulk_import(file, started(file, system), actor=system)
    assert Job.objects.filter(status=JobStatus.FAILED).count() == 1
    apply_open_messages()
    load_in_bulk(file, system)
    assert SourceRecord.objects.filter(mrn="5").exists()


def test_the_same_file_again_changes_nothing(file: Path, system: Actor) -> None:
    load_in_bulk(file, system)
    versions = list(SourceRecord.objects.order_by("pk").values_list("pk", "version"))
    job, report = load_in_bulk(file, system)
    assert list(SourceRecord.objects.order_by("pk").values_list("pk", "version")) == versions
    assert (report.records, report.late, job.counts["unchanged"]) == (0, 0, 4)


def test_an_unknown_engine_changes_nothing(file: Path, system: Actor) -> None:
    with pytest.raises(InvalidInput, match="duckdb and spark"):
        bulk_import(file, started(file, system), actor=system, engine="abacus")
    assert not SourceRecord.objects.exists()


def test_without_java_the_spark_engine_says_how_to_mend_it(
    file: Path, system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ServiceDown, match=r"requirements-spark\.lock|Java runtime"):
        bulk_import(file, started(file, system), actor=system, engine="spark")
    assert not SourceRecord.objects.exists()
