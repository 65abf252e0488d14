"""Values that stewards set, and other survivorship rules, leave a sound index."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mpi.commands import Actor
from mpi.models import GoldenOverride, GoldenRecord
from mpi.queries.invariants import INVARIANTS
from mpi.services.override import lift_value, set_value
from mpi.services.override_expiry import expire_overrides
from mpi.services.rules_run import follow_rules
from mpi.services.systems import register_system
from tests.services.acting import merge, undo
from tests.services.history import now
from tests.services.ruling import activate, draft
from tests.services.telling import KATHERINE, MARCUS, owner, tell


def faults() -> dict[str, object]:
    looked = {invariant.name: invariant.look(3) for invariant in INVARIANTS}
    return {name: one.faults for name, one in looked.items() if one.faults}


@pytest.mark.django_db
def test_every_invariant_holds_whatever_was_set_lifted_expired_undone_and_chosen_anew(
    system: Actor, steward: Actor, supervisor: Actor
) -> None:
    for rank, code in enumerate(("HIS", "LAB"), 1):
        register_system(code=code, name=code, rank=rank, actor=system)
    tell("HIS", "1", KATHERINE)
    tell("LAB", "1", KATHERINE, phone="937-555-0102", ssn="536-22-8154")
    tell("HIS", "2", MARCUS)
    golden = owner("HIS", "1")
    told = {"euid": golden.euid, "reason": "seen", "version": None, "actor": steward}
    set_value(field="ssn", value="536-22-8146", **told)
    set_value(field="phone", value="937-555-0177", expires_at=now() + timedelta(hours=1), **told)
    undo(set_value(field="sex", value="O", **told), steward)
    lift_value(field="phone", **told)
    set_value(field="email", value="x@example.org", expires_at=now() + timedelta(hours=1), **told)
    assert not faults()
    draft(supervisor, "by-rank", {"HIS": 9, "LAB": 3}, phone=["source_rank"])
    activate(supervisor, "by-rank")
    follow_rules(seconds=0, chunk=1)
    assert not faults()
    follow_rules()
    GoldenOverride.objects.filter(field="email").update(expires_at=now())
    assert expire_overrides() == 1
    merge(owner("HIS", "2"), golden, steward)
    assert not faults()
    assert {one.provenance["rules"] for one in GoldenRecord.objects.all()} == {"by-rank"}


@pytest.mark.django_db
def test_lifting_a_value_whose_while_was_over_already_is_known_to_the_audit_log(system: Actor, steward: Actor) -> None:
    register_system(code="HIS", name="HIS", rank=10, actor=system)
    tell("HIS", "1", KATHERINE)
    golden = owner("HIS", "1")
    told = {"euid": golden.euid, "reason": "seen", "version": None, "actor": steward}
    set_value(field="phone", value="937-555-0177", expires_at=now() + timedelta(hours=1), **told)
    GoldenOverride.objects.update(expires_at=now())
    tell("HIS", "1", KATHERINE, street="9 Linden Way")  # made anew, without the value
    lift_value(field="phone", **told)
    assert not faults()
