"""A proposal that two approve, reject or overtake at one instant: exactly one thing happens."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from mpi.commands import Actor
from mpi.errors import AlreadyDecided, MpiError, StaleVersion
from mpi.models import GoldenRecord, IdentityEvent, Proposal
from mpi.services.ingest import ingest
from mpi.services.proposal_acts import ProposedMerge, Why
from mpi.services.proposal_decide import Approved, approve_proposal, reject_proposal, withdraw_proposal
from mpi.services.proposal_propose import propose
from tests.concurrency.racing import Racers
from tests.services.telling import KATHERINE, MARCUS, owner, store, tell, versions


@pytest.fixture
def proposal(steward: Actor) -> Proposal:
    tell("HIS", "1", KATHERINE)
    tell("HIS", "2", MARCUS)
    sides = owner("HIS", "1"), owner("HIS", "2")
    act = ProposedMerge(sides[0].euid, sides[1].euid, versions(*sides))
    return propose(act=act, why=Why("documents-seen", ""), actor=steward)


def _merges() -> int:
    return IdentityEvent.objects.filter(kind="merge").count()


def test_of_two_who_approve_at_once_one_is_told_that_it_is_done(
    racers: Racers, proposal: Proposal, second_steward: Actor, supervisor: Actor
) -> None:
    approve = partial(approve_proposal, uuid=proposal.uuid, reason="")
    results = racers.race([partial(approve, actor=actor) for actor in (second_steward, supervisor)])
    assert sorted(type(result) for result in results if isinstance(result, Approved)) == [Approved]
    assert sum(isinstance(result, AlreadyDecided) for result in results) == 1
    assert _merges() == 1


def test_approval_rejection_and_withdrawal_at_once_are_one_of_them(
    racers: Racers, proposal: Proposal, steward: Actor, second_steward: Actor, supervisor: Actor
) -> None:
    decide = (
        partial(approve_proposal, uuid=proposal.uuid, reason="", actor=second_steward),
        partial(reject_proposal, uuid=proposal.uuid, reason="A namesake", actor=supervisor),
        partial(withdraw_proposal, uuid=proposal.uuid, reason="", actor=steward),
    )
    results = racers.race(list(decide))
    assert sum(isinstance(result, AlreadyDecided) for result in results) == 2
    proposal.refresh_from_db()
    assert _merges() == (proposal.state == "approved")


def test_an_update_at_the_same_instant_either_comes_after_or_makes_it_stale(
    racers: Racers, proposal: Proposal, second_steward: Actor
) -> None:
    update = store("HIS", "2", MARCUS, phone="419-555-0100")
    results = racers.race(
        [partial(approve_proposal, uuid=proposal.uuid, reason="", actor=second_steward), partial(ingest, [update])]
    )
    proposal.refresh_from_db()
    refused = [result for result in results if isinstance(result, MpiError)]
    assert all(isinstance(result, StaleVersion) for result in refused)
    assert proposal.state == ("stale" if refused else "approved")
    assert _merges() == (not refused)


def test_two_who_propose_the_same_at_once_make_one_proposal(
    racers: Racers, proposal: Proposal, steward: Actor, second_steward: Actor
) -> None:
    withdraw_proposal(uuid=proposal.uuid, reason="", actor=steward)
    sides = list(GoldenRecord.objects.order_by("pk"))
    act = ProposedMerge(sides[0].euid, sides[1].euid, versions(*sides))
    why = Why("documents-seen", "")
    actors = (steward, second_steward, replace(steward, id="third", name="Third"))
    racers.race([partial(propose, act=act, why=why, actor=actor) for actor in actors])
    assert Proposal.objects.filter(state="open").count() == 1
