"""What a steward of the stress test does alone where one is enough, and with a second one where policy asks two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mpi.commands import Actor
from mpi.errors import SecondPersonNeeded
from mpi.services.proposal_acts import ProposedAct, Why
from mpi.services.proposal_decide import approve_proposal
from mpi.services.proposal_propose import propose


def alone_or_by_two(do: Callable[[], object], act: ProposedAct, why: Why, actor: Actor) -> None:
    """Do it, or propose it and let another one approve. Raises what either of the two is refused."""
    try:
        do()
    except SecondPersonNeeded:
        proposal = propose(act=act, why=why, actor=actor)
        second = replace(actor, id=f"{actor.id}:second", name=f"{actor.name}'s colleague")
        approve_proposal(uuid=proposal.uuid, reason="stress", actor=second)
