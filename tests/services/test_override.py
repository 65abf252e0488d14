"""A steward sets a golden value: it stands against every source until it expires, is lifted or undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from audit.models import AuditEvent
from mpi import codec
from mpi.commands import Actor
from mpi.errors import AlreadyMerged, CannotUndo, Forbidden, InvalidInput, NotFound, StaleVersion
from mpi.models import GoldenOverride, GoldenRecord, IdentityEvent, OutboxEvent
from mpi.queries.as_of import golden_then
from mpi.services.act import ActResult
from mpi.services.golden import recompute
from mpi.services.merge import preview_merge
from mpi.services.override import lift_value, set_value
from mpi.services.override_expiry import expire_overrides
from tests.services.acting import merge, undo, unmerge
from tests.services.history import now
from tests.services.telling import ESTEBAN, KATHERINE, MARCUS, owner, state, tell


@pytest.fixture
def golden() -> GoldenRecord:
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE, phone="937-555-0102")
    return owner("HIS", "1")


def put(actor: Actor, golden: GoldenRecord, field: str, value: object, **told: Any) -> ActResult:
    version = GoldenRecord.objects.get(pk=golden.pk).version
    defaults = {"reason": "Court order seen", "version": version}
    return set_value(euid=golden.euid, field=field, value=value, actor=actor, **{**defaults, **told})


def lift(actor: Actor, golden: GoldenRecord, field: str) -> ActResult:
    return lift_value(euid=golden.euid, field=field, reason="No longer", version=None, actor=actor)


def value(golden: GoldenRecord, field: str) -> Any:
    return codec.golden_values(GoldenRecord.objects.get(pk=golden.pk)).get(field)


def test_a_value_that_was_set_stands_against_every_source(golden: GoldenRecord, steward: Actor) -> None:
    act = put(steward, golden, "family_name", "OYELARAN-MOSS")
    tell("HIS", "1", KATHERINE, family_name="Oyelaran", street="9 Linden Way")
    found = GoldenRecord.objects.get(pk=golden.pk)
    assert (value(golden, "family_name"), found.family_name) == ("Oyelaran-Moss", "OYELARAN MOSS")
    told = found.provenance["family_name"]
    assert (told["criterion"], told["override"]["by"]) == ("override", steward.id)
    assert told["override"]["reason"] == "Court order seen"
    assert [losing["value"] for losing in told["losing"]] == ["Oyelaran"]
    event = IdentityEvent.objects.get(uuid=act.event_uuid)
    assert (event.kind, event.reason, event.golden_record_ids) == ("override", "Court order seen", [golden.pk])
    audited = AuditEvent.objects.get(action="golden.overridden")
    assert (audited.subject_id, audited.detail["field"]) == (golden.euid, "family_name")
    assert "OYELARAN" not in str(audited.detail).upper()
    assert OutboxEvent.objects.filter(type="golden.updated", euid=golden.euid, recorded_at=event.recorded_at).exists()


@pytest.mark.parametrize(
    ("field", "told", "shown"),
    [
        ("given_name", "KATE", "Kate"),
        ("middle_name", "lou", "Lou"),
        ("suffix", "iii", "III"),
        ("birth_date", "03/09/1972", "1972-03-09"),
        ("sex", "female", "F"),
        ("phone", "(937) 555-0177", "937-555-0177"),
        ("email", "Kate@Example.org", "kate@example.org"),
        ("deceased_date", "2025-01-02", "2025-01-02"),
        ("previous_family_name", "moss", "Moss"),
        ("mothers_maiden_name", "adeyemi", "Adeyemi"),
        ("ssn", "536-22-8146", "•••-••-8146"),
    ],
)
def test_a_value_is_shown_as_that_of_a_source_is(
    golden: GoldenRecord, steward: Actor, field: str, told: str, shown: str
) -> None:
    put(steward, golden, field, told)
    assert value(golden, field) == shown


def test_an_address_is_set_in_its_parts(golden: GoldenRecord, steward: Actor) -> None:
    put(steward, golden, "address", {"street": "9 Linden Way", "city": "Dayton", "state": "OH", "postal_code": "45402"})
    assert value(golden, "address")["street"] == "9 Linden Way"


def test_a_number_that_was_set_stands_nowhere_in_clear(golden: GoldenRecord, steward: Actor) -> None:
    put(steward, golden, "ssn", "536-22-8146")
    with connection.cursor() as cursor:
        for table in ("golden_override", "golden_record", "historicalgoldenrecord", "identity_event"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM mpi_{table} t")
            text = cursor.fetchone()[0].replace("-", "")
            assert "536228146" not in text, table
    assert value(golden, "ssn") == "•••-••-8146"


def test_what_was_set_before_ends_and_lifting_lets_the_sources_speak(golden: GoldenRecord, steward: Actor) -> None:
    put(steward, golden, "sex", "M")
    put(steward, golden, "sex", "O")
    assert value(golden, "sex") == "O"
    assert GoldenOverride.objects.filter(ended_at=None).count() == 1
    act = lift(steward, golden, "sex")
    assert value(golden, "sex") == "F"
    assert IdentityEvent.objects.get(uuid=act.event_uuid).kind == "lift-override"
    assert AuditEvent.objects.filter(action="override.lifted").count() == 1
    with pytest.raises(NotFound):
        lift(steward, golden, "sex")


def test_setting_replacing_and_lifting_are_undone_exactly(golden: GoldenRecord, steward: Actor) -> None:
    start = state()
    first = put(steward, golden, "sex", "M")
    after_first = state()
    second = put(steward, golden, "sex", "O")
    after_second = state()
    with pytest.raises(CannotUndo):
        undo(first, steward)
    lifted = lift(steward, golden, "sex")
    undo(lifted, steward)
    assert state() == after_second
    undo(second, steward)  # what it set was lifted since, and that was undone
    assert state() == after_first
    lift(steward, golden, "sex")
    assert state() == start
    assert after_first != start


def test_an_act_on_a_value_is_undone_while_nothing_later_speaks_of_it(golden: GoldenRecord, steward: Actor) -> None:
    start = state()
    first = put(steward, golden, "sex", "M")
    after_first = state()
    second = put(steward, golden, "sex", "O")
    undo(second, steward)
    assert state() == after_first
    lift(steward, golden, "sex")
    assert state() == start
    with pytest.raises(CannotUndo):
        undo(first, steward)


def test_a_value_whose_time_is_over_stops_counting_with_the_next_beat(golden: GoldenRecord, steward: Actor) -> None:
    soon = now() + timedelta(hours=1)
    put(steward, golden, "sex", "M", expires_at=soon)
    assert expire_overrides() == 0
    during = now()
    GoldenOverride.objects.update(expires_at=during)
    assert expire_overrides() == 1
    assert value(golden, "sex") == "F"
    assert GoldenOverride.objects.get().ended_at
    event = AuditEvent.objects.get(action="override.expired")
    assert (event.subject_id, event.detail["fields"]) == (golden.euid, ["sex"])
    assert expire_overrides() == 0
    assert codec.golden_values(golden_then(golden.pk, during))["sex"] == "M"  # as of then it still counted


def test_an_expired_value_does_not_come_back_by_an_undo(golden: GoldenRecord, steward: Actor) -> None:
    put(steward, golden, "sex", "M", expires_at=now() + timedelta(hours=1))
    lifted = lift(steward, golden, "sex")
    GoldenOverride.objects.update(expires_at=now())
    undo(lifted, steward)
    assert value(golden, "sex") == "F"


@pytest.mark.parametrize(
    ("field", "told", "place"),
    [
        ("shoe_size", "43", "field"),
        ("birth_date", "1971-02-30", "value"),
        ("sex", "female?", "value"),
        ("ssn", "000-00-0000", "value"),
        ("phone", "0000000000", "value"),
        ("given_name", "", "value"),
        ("given_name", {"a": "b"}, "value"),
        ("family_name", "UNKNOWN", "value"),
        ("family_name", "x" * 400, "value"),
        ("family_name", "a\0b", "value"),
        ("address", "9 Linden Way", "value"),
        ("address", {"planet": "Mars"}, "value.planet"),
        ("address", {"street": 9}, "value"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_mend(
    golden: GoldenRecord, steward: Actor, field: str, told: object, place: str
) -> None:
    before = state()
    with pytest.raises(InvalidInput) as refused:
        put(steward, golden, field, told)
    assert (refused.value.flaws[0].field, bool(refused.value.flaws[0].mend)) == (place, True)
    assert state() == before
    assert not GoldenOverride.objects.exists()


def test_an_act_that_may_not_be_is_refused(golden: GoldenRecord, steward: Actor, clerk: Actor) -> None:
    with pytest.raises(Forbidden):
        put(clerk, golden, "sex", "M")
    with pytest.raises(StaleVersion):
        put(steward, golden, "sex", "M", version=1)
    with pytest.raises(InvalidInput) as refused:
        put(steward, golden, "sex", "M", reason=" ")
    assert refused.value.flaws[0].field == "reason"
    with pytest.raises(InvalidInput) as refused:
        put(steward, golden, "sex", "M", expires_at=now() - timedelta(seconds=1))
    assert refused.value.flaws[0].field == "expires_at"
    tell("HIS", "2", MARCUS)
    merge(owner("HIS", "2"), golden, steward)
    with pytest.raises(AlreadyMerged):
        put(steward, golden, "sex", "M")


def test_a_merge_carries_over_what_was_set_and_its_undo_takes_it_back(golden: GoldenRecord, steward: Actor) -> None:
    put(steward, golden, "sex", "O")
    put(steward, golden, "ssn", "536-22-8146")
    put(steward, golden, "email", "k@example.org", expires_at=now() + timedelta(hours=1))
    tell("HIS", "2", MARCUS)
    marcus = owner("HIS", "2")
    put(steward, marcus, "sex", "M")
    before = state()
    preview = preview_merge(survivor_euid=marcus.euid, retired_euid=golden.euid, actor=steward)
    act = merge(marcus, golden, steward)
    shown = {field: value(marcus, field) for field in ("sex", "ssn", "email")}
    assert shown == {"sex": "M", "ssn": "•••-••-8146", "email": "k@example.org"}
    assert {field: preview.values[field] for field in shown} == shown
    carried = GoldenOverride.objects.get(golden_record=marcus, field="email")
    assert (carried.actor_id, carried.reason, bool(carried.expires_at)) == (steward.id, "Court order seen", True)
    assert AuditEvent.objects.filter(action="golden.overridden", subject_id=marcus.euid).count() == 3
    undo(act, steward)
    assert state() == before
    assert value(golden, "sex") == "O"
    again = merge(golden, marcus, steward)  # the other way about
    assert value(golden, "sex") == "O"
    unmerge(again, steward)
    assert state()[0] == before[0]


def test_undoing_the_first_of_two_merges_takes_back_what_the_second_carried_on(
    golden: GoldenRecord, steward: Actor
) -> None:
    put(steward, golden, "sex", "O")
    tell("HIS", "2", MARCUS)
    tell("HIS", "3", ESTEBAN)
    marcus, esteban = owner("HIS", "2"), owner("HIS", "3")
    before = state()
    first, second = merge(marcus, golden, steward), merge(esteban, marcus, steward)
    assert value(esteban, "sex") == "O"
    undo(first, steward)
    assert (value(esteban, "sex"), value(golden, "sex")) == ("M", "O")
    undo(second, steward)
    assert state() == before


def test_a_merge_is_not_undone_over_a_later_word_about_a_value_it_carried(golden: GoldenRecord, steward: Actor) -> None:
    put(steward, golden, "sex", "O")
    tell("HIS", "2", MARCUS)
    marcus = owner("HIS", "2")
    before = state()
    act = merge(marcus, golden, steward)
    lifted = lift(steward, marcus, "sex")
    with pytest.raises(CannotUndo) as refused:
        undo(act, steward)
    assert refused.value.extra == {"event": str(lifted.event_uuid)}
    undo(lifted, steward)
    undo(act, steward)
    assert state() == before


def test_a_value_that_ends_while_a_transaction_is_at_work_is_in_force_at_the_time_of_that_transaction(
    golden: GoldenRecord, steward: Actor
) -> None:
    put(steward, golden, "family_name", "OYELARAN-MOSS", expires_at=now() + timedelta(hours=1))
    GoldenOverride.objects.update(expires_at=now() - timedelta(hours=1))
    for at, family in ((now() - timedelta(hours=2), "Oyelaran-Moss"), (now(), "Oyelaran"), (None, "Oyelaran")):
        ((again, _),) = recompute([GoldenRecord.objects.get(pk=golden.pk)], opened=(), ended=set(), records={}, now=at)
        assert again.values["family_name"] == family
