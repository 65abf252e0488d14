"""Who else looks at a task: an answer that waits for a second person, and the readings of the blind double review."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from mpi.models import PotentialMatch, Proposal, ProposalState
from review.models import Outcome
from review.queries.blind import BlindState, blind_state
from review.queries.task import TaskPage


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposed answer to the task; `current`: nothing that it rests on has changed, so it holds the task."""

    uuid: UUID
    words: str
    proposer_name: str
    mine: bool
    current: bool


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What the page of an open task says of others who answer it."""

    waiting: Waiting | None = None
    blind: BlindState = field(default_factory=BlindState)


def second_look(match: PotentialMatch, page: TaskPage, *, user_id: str) -> SecondLook:
    """Two queries for an open task, none for a closed one."""
    if not page.open:
        return SecondLook()
    found = Proposal.objects.filter(potential_match=match, state=ProposalState.OPEN).first()
    return SecondLook(_waiting(found, match, user_id), blind_state(match.pk, page.digest, user_id=user_id))


def concealed(page: TaskPage, look: SecondLook) -> TaskPage:
    """The page without what an earlier blind reader wrote, as long as this reader must not know it."""
    hidden = look.blind.concealed
    if not hidden:
        return page
    answers = (replace(line, comment="") if line.user_id in hidden else line for line in page.answers)
    return replace(page, notes=tuple(note for note in page.notes if note.user_id not in hidden), answers=tuple(answers))


def _waiting(found: Proposal | None, match: PotentialMatch, user_id: str) -> Waiting | None:
    if found is None:
        return None
    now = {side.euid: side.version for side in (match.golden_a, match.golden_b)}
    words = Outcome(found.parameters["outcome"]).label
    mine = found.proposer_id == user_id
    return Waiting(found.uuid, words, found.proposer_name, mine, current=found.versions == now)
