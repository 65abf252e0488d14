"""`checkindex`: what it says, keeps and refuses to call clean."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.db import connection

from audit.models import AuditEvent
from mpi.models import IdentityEvent, InboundMessage
from mpi.queries.invariants import INVARIANTS
from mpi.tasks import check_index as nightly
from tests.services.telling import KATHERINE, MARCUS

NAMES = [invariant.name for invariant in INVARIANTS]


@pytest.mark.usefixtures("lived", "db")
def test_the_index_has_lived_through_every_kind_of_act() -> None:
    kinds = {"link", "unlink", "join", "merge", "unmerge", "undo", "separate", "lift-separation", "verify"}
    kinds |= {"same-person", "different-people"}
    assert kinds <= set(IdentityEvent.objects.values_list("kind", flat=True))
    outcomes = {"created", "updated", "unchanged", "stale", "quarantined", "deleted"}
    assert outcomes <= set(InboundMessage.objects.values_list("outcome", flat=True))
    assert {"applied", "queued", "rejected"} <= set(InboundMessage.objects.values_list("state", flat=True))


@pytest.mark.usefixtures("lived", "db")
def test_the_command_says_each_invariant_and_ends_with_a_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("checkindex", "--json")
    lines = capsys.readouterr().out.splitlines()
    told = json.loads(lines[-1])
    assert (told["clean"], list(told["invariants"])) == (True, NAMES)
    assert all(one["holds"] and one["rows"] > 0 for one in told["invariants"].values())
    assert all(any(invariant.sentence in line for line in lines) for invariant in INVARIANTS)
    assert lines[-2] == f"All {len(NAMES)} invariants hold."


@pytest.mark.usefixtures("lived", "db")
def test_only_what_was_asked_for_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("checkindex", "--only", "members", "--only", "replay", "--json")
    assert list(json.loads(capsys.readouterr().out.splitlines()[-1])["invariants"]) == ["members", "replay"]


@pytest.mark.usefixtures("lived", "db")
def test_a_broken_index_ends_with_status_1_names_rows_and_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mpi_golden_record SET member_count = member_count + 1 RETURNING euid")
        euids = {euid for (euid,) in cursor.fetchall()}
    with pytest.raises(SystemExit) as ended:
        call_command("checkindex", "--only", "members", "--examples", "2", "--json")
    assert ended.value.code == 1
    out = capsys.readouterr().out
    (fault,) = json.loads(out.splitlines()[-1])["invariants"]["members"]["faults"]
    assert (fault["count"], len(fault["examples"])) == (len(euids), 2)
    assert {example.removeprefix("golden record ") for example in fault["examples"]} <= euids
    kept = AuditEvent.objects.filter(action="index.checked").order_by("-id")[0]
    assert (kept.outcome, kept.detail["broken"]) == ("failed", ["members"])


@pytest.mark.usefixtures("lived", "db")
def test_it_names_no_patient(capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""UPDATE mpi_golden_record SET "values" = '{}', provenance = '{}', family_name = 'X'""")
        cursor.execute("DELETE FROM mpi_identifier")
        cursor.execute("DELETE FROM mpi_blocking_key")
    with pytest.raises(SystemExit):
        call_command("checkindex", "--examples", "50", "--json")
    out = capsys.readouterr().out.upper()
    for told in (KATHERINE, MARCUS):
        assert not [name for name in ("given_name", "family_name", "birth_date", "ssn") if told[name].upper() in out]


@pytest.mark.usefixtures("lived", "db")
def test_the_nightly_check_keeps_its_outcome() -> None:
    nightly()
    kept = AuditEvent.objects.filter(action="index.checked").order_by("-id")[0]
    assert (kept.outcome, kept.actor_kind, kept.detail["checked"]) == ("success", "system", NAMES)
