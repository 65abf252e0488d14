"""The same file again changes nothing and says so; another file is another word."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from mpi.commands import system_actor
from mpi.models import GoldenRecord, IdentityEvent, InboundMessage, Job, SourceRecord
from mpi.services.import_file import read_file, register_new_systems, start_import, survey
from mpi.services.sweep import sweep_inbox
from mpi.synthetic.draft import COLUMNS
from mpi.synthetic.generate import generate
from tests.imports.conftest import ImportText, WriteFile
from tests.imports.filing import ANN, BEN, CAT, PATIENT_WORDS, csv_text, messages


def versions() -> list[tuple[str, int]]:
    return list(SourceRecord.objects.order_by("pk").values_list("mrn", "version"))


def test_the_same_file_twice_changes_nothing_and_makes_no_message(import_text: ImportText) -> None:
    text = csv_text(ANN, BEN, CAT | {"birth_date": "1990-02-31"})
    import_text(text)
    before = (versions(), messages(), IdentityEvent.objects.count(), list(GoldenRecord.objects.values("pk", "version")))
    again = import_text(text)
    assert again.counts == {"lines": 3, "unchanged": 3, "doubtful": 1}
    after = (versions(), messages(), IdentityEvent.objects.count(), list(GoldenRecord.objects.values("pk", "version")))
    assert before == after


def test_a_file_that_tells_a_record_twice_changes_nothing_the_second_time(import_text: ImportText) -> None:
    text = csv_text(ANN, BEN, ANN | {"street": "9 Linden Way"})
    import_text(text)
    before = versions()
    assert import_text(text).counts == {"lines": 3, "unchanged": 3}
    assert versions() == before
    assert SourceRecord.objects.get(mrn="1").told["addresses"][0]["street"] == "9 Linden Way"


def test_another_file_with_the_older_line_again_is_a_change_back(import_text: ImportText) -> None:
    import_text(csv_text(ANN))
    import_text(csv_text(ANN | {"street": "9 Linden Way"}))
    done = import_text(csv_text(ANN, BEN))
    assert done.counts == {"lines": 2, "applied": 2, "created": 1, "updated": 1}
    assert SourceRecord.objects.get(mrn="1").told["addresses"][0]["street"] == "12 Alder Court"


def test_another_file_that_tells_what_is_known_last_still_ends_with_its_last_line(import_text: ImportText) -> None:
    """The index knows the second line; the first one must not win because it is the only news."""
    import_text(csv_text(ANN | {"street": "9 Linden Way"}))
    import_text(csv_text(ANN, ANN | {"street": "9 Linden Way"}))
    assert SourceRecord.objects.get().told["addresses"][0]["street"] == "9 Linden Way"
    assert SourceRecord.objects.get().version == 3


def test_the_same_word_at_a_later_time_is_told_on(import_text: ImportText) -> None:
    import_text(csv_text(ANN | {"updated_at": "2025-03-01T00:00:00Z"}))
    done = import_text(csv_text(ANN | {"updated_at": "2025-03-10T00:00:00Z"}))
    assert done.counts == {"lines": 1, "applied": 1, "unchanged": 1}
    old = import_text(csv_text(ANN | {"street": "9 Linden Way", "updated_at": "2025-03-05T00:00:00Z"}))
    assert old.counts == {"lines": 1, "applied": 1, "stale": 1}


def test_the_same_file_under_other_settings_takes_effect_again(import_text: ImportText) -> None:
    text = csv_text(ANN, BEN)
    import_text(text)
    SourceRecord.objects.update(settings_hash="older")
    Job.objects.update(settings_hash="older")
    assert import_text(text).counts == {"lines": 2, "applied": 2, "updated": 2}


def test_an_import_that_was_cut_off_is_finished_by_the_next_and_each_line_counts_once(
    write_file: WriteFile, import_text: ImportText
) -> None:
    """The first run stored its lines and died before any was applied."""
    text = csv_text(ANN, BEN, ANN | {"street": "9 Linden Way"})
    path, actor = write_file(text), system_actor("importrecords", source="command")
    total, systems = survey(path)
    register_new_systems(systems, actor=actor)
    read_file(path, start_import(path, total=total, actor=actor), actor=actor, advance=lambda count: None)
    Job.objects.update(status="reading")
    assert import_text(text).counts == {"lines": 3, "unchanged": 3}
    assert messages() == 3
    assert not InboundMessage.objects.exclude(state="applied").exists()
    assert versions() == [("1", 2), ("2", 1)]
    assert Job.objects.filter(status="failed").count() == 1


def test_a_rejected_overlay_is_not_raised_again_by_the_same_file(import_text: ImportText) -> None:
    import_text(csv_text(ANN))
    text = csv_text(BEN | {"source_system": "HIS", "mrn": "1"})
    assert import_text(text).counts == {"lines": 1, "quarantined": 1, "queued": 1}
    assert import_text(text).counts == {"lines": 1, "unchanged": 1}
    assert messages() == 2


@pytest.mark.slow
def test_a_generated_file_of_a_thousand_lines_twice(import_text: ImportText) -> None:
    rows = [dict(zip(COLUMNS, record.row, strict=True)) for record in generate(1_000, 7)]
    text = csv_text(*rows, header=COLUMNS)
    first = import_text(text)
    assert first.counts["lines"] == first.counts["applied"] + first.counts.get("queued", 0) == 1_000
    before = versions()
    again = import_text(text)
    assert again.counts["unchanged"] == 1_000
    assert versions() == before


def test_a_file_whose_systems_are_all_new_registers_them_and_one_typing_error_does_not(
    import_text: ImportText,
) -> None:
    first = import_text(csv_text(ANN | {"source_system": "NEW1"}, BEN | {"source_system": "NEW2"}))
    assert first.counts["created"] == 2
    second = import_text(csv_text(ANN | {"source_system": "NEW1", "mrn": "5"}, BEN | {"source_system": "NEW3"}))
    assert second.counts == {"lines": 2, "rejected": 1, "applied": 1, "created": 1}


def test_the_job_and_the_log_tell_the_final_counts(import_text: ImportText) -> None:
    done = import_text(csv_text(ANN, BEN))
    assert (done.job.status, done.job.total) == ("finished", 2)
    entry = AuditEvent.objects.get(action="job.finished")
    assert entry.detail["created"] == 2
    assert entry.subject_id == str(done.job.uuid)


def test_the_command_prints_errors_counts_and_one_line_of_json(
    write_file: WriteFile, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_file(csv_text(ANN, BEN | {"birth_date": "1984-11-31"}, CAT | {"mrn": ""}))
    call_command("importrecords", str(path), "--json")
    told = capsys.readouterr()
    summary = json.loads(told.out.strip().splitlines()[-1])
    assert (summary["lines"], summary["rejected"], summary["doubtful"], summary["error_count"]) == (3, 1, 1, 2)
    assert "line 3, column 5: birth_date is not a date" in told.err
    assert "line 4, column 2: mrn is missing" in told.err
    assert [word for word in PATIENT_WORDS if word in told.err + told.out] == []
    sweep_inbox(older_than_s=-60)
    call_command("importrecords", str(write_file(csv_text(ANN), "other.csv")))
    assert "Nothing changed: the index knew all of it" in capsys.readouterr().err


def test_the_command_refuses_a_bad_file_with_line_column_and_mend(write_file: WriteFile) -> None:
    path = write_file(csv_text(ANN).replace("family_name", "surname"))
    with pytest.raises(CommandError) as error:
        call_command("importrecords", str(path))
    assert "line 1, column 4: surname is not a column of a record. Mend: the columns are" in str(error.value)
    assert not Job.objects.exists()
