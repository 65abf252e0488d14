"""Each golden value says who tells it, why it was chosen and what lost; one that was set, by whom and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from matching.survivorship import FIELDS
from mpi import codec
from mpi.commands import Actor
from mpi.models import GoldenOverride, GoldenRecord
from mpi.queries.as_of import golden_then, members_then
from mpi.queries.as_of_page import fields_then
from mpi.queries.person import GoldenField, fields, members
from mpi.services.override import lift_value, set_value
from mpi.services.override_expiry import expire_overrides
from tests.services.acting import merge
from tests.services.history import now
from tests.services.telling import KATHERINE, MARCUS, owner, past, tell

SET = {
    "family_name": "Moss",
    "given_name": "Kay",
    "middle_name": "Lou",
    "suffix": "III",
    "birth_date": "1971-03-10",
    "sex": "O",
    "ssn": "536-22-8147",
    "address": {"street": "9 Linden Way", "city": "Dayton", "state": "OH", "postal_code": "45402"},
    "phone": "937-555-0177",
    "email": "set@example.org",
    "deceased_date": "2024-05-01",
    "previous_family_name": "Haywood",
    "mothers_maiden_name": "Winter",
}


@pytest.fixture
def golden(steward: Actor) -> GoldenRecord:
    """Two sources that tell another value of every field, made one by hand."""
    tell("HIS", "1", KATHERINE, suffix="Jr", previous_family_name="Stone", updated_at=past(1))
    other = {**MARCUS, "middle_name": "Dean", "suffix": "Sr", "email": "m@example.org"}
    tell("LAB", "2", other, previous_family_name="Field", updated_at=past(9))
    merge(owner("HIS", "1"), owner("LAB", "2"), steward)
    return owner("HIS", "1")


def shown(golden: GoldenRecord) -> dict[str, GoldenField]:
    return {field.key: field for field in fields(golden, members(golden))}


def test_every_field_that_is_told_differently_names_its_source_its_criterion_and_what_lost(
    golden: GoldenRecord,
) -> None:
    names = {"HIS": "His", "LAB": "Lab"}
    found = shown(golden)
    told = set(FIELDS) - {"deceased_date", "mothers_maiden_name"}  # a flat line cannot tell these
    assert told <= found.keys()
    for name in told - {"previous_family_name"}:
        field = found[name]
        assert field.source in names.values(), name
        assert field.rule, name
        assert [loser.source for loser in field.losing] == [({*names.values()} - {field.source}).pop()], name
        assert field.losing[0].value not in ("", None, field.value), name
        assert (field.is_override, field.by, field.until) == (False, "", None)
    assert {loser.source for loser in found["previous_family_name"].losing} <= set(names.values())


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_that_was_set_says_by_whom_why_until_when_and_what_the_sources_tell(
    golden: GoldenRecord, steward: Actor, name: str
) -> None:
    before, until = shown(golden).get(name), now() + timedelta(days=3)
    told = {"reason": "Passport seen", "expires_at": until, "version": None, "actor": steward}
    set_value(euid=golden.euid, field=name, value=SET[name], **told)
    field = shown(GoldenRecord.objects.get(pk=golden.pk))[name]
    assert (field.is_override, field.by, field.reason, field.until) == (True, steward.id, "Passport seen", until)
    assert (field.record_id, field.rule) == (None, "set by a steward")
    if before is not None and before.value:
        assert {loser.source for loser in field.losing} >= {before.source}
    if name != "ssn":
        assert before is None or before.value is None or before.value in [loser.value for loser in field.losing]


@pytest.mark.parametrize("ending", ["lifted", "expired", "replaced"])
def test_as_of_shows_the_value_that_was_set_then_whatever_became_of_it(
    golden: GoldenRecord, steward: Actor, ending: str
) -> None:
    told = {"euid": golden.euid, "field": "phone", "version": None, "actor": steward}
    set_value(value="937-555-0177", reason="Told by herself", expires_at=now() + timedelta(hours=1), **told)
    instant = now()
    if ending == "lifted":
        lift_value(reason="No more", **told)
    elif ending == "replaced":
        set_value(value="937-555-0178", reason="Told anew", expires_at=None, **told)
    else:
        GoldenOverride.objects.update(expires_at=now())
        assert expire_overrides() == 1
    present = GoldenRecord.objects.get(pk=golden.pk)
    assert codec.golden_values(present)["phone"] != "937-555-0177"
    then = fields_then(golden_then(golden.pk, instant), present, members_then(golden.pk, instant))
    (field,) = [one for one in then if one.then.key == "phone"]
    assert (field.then.value, field.then.by, field.then.reason) == ("937-555-0177", steward.id, "Told by herself")
    assert field.then.until is not None
    assert field.then.losing
    assert (field.now, field.differs) == (present.values["phone"], True)
