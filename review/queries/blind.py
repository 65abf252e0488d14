"""What the blind double review shows to whom. No value of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, QuerySet

from mpi.services.reasons import REASONS
from review.models import BlindAnswer, Outcome

_ROUNDS = 2
"""Readings that do not know of one another."""


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """One reading, for the reader who took it or for the third, who sees both."""

    uuid: UUID
    words: str
    user_name: str
    why: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class BlindState:
    """A task under double review as one steward may see it.

    own        what this steward has answered; then there is nothing left for them to do
    overtaken  what this steward answered before the records changed, and nobody after them: it counts no more
    disagreed  both earlier readings, for the third reader only
    concealed  whose notes and answers this steward must not see yet
    """

    own: ReadingLine | None = None
    overtaken: ReadingLine | None = None
    disagreed: tuple[ReadingLine, ...] = ()
    concealed: frozenset[str] = frozenset()


def standing_readings(match_id: int, basis_hash: str) -> Sequence[BlindAnswer]:
    """The readings of this basis that stand, in their order. One query."""
    found = BlindAnswer.objects.filter(potential_match=match_id, basis_hash=basis_hash, overturned_at__isnull=True)
    return list(found.order_by("round"))


def blind_state(match_id: int, basis_hash: str, *, user_id: str) -> BlindState:
    """What this steward may know of an open task's readings. One query."""
    standing = list(BlindAnswer.objects.filter(potential_match=match_id, overturned_at__isnull=True).order_by("round"))
    readings = [one for one in standing if one.basis_hash == basis_hash]
    own = next((one for one in readings if one.user_id == user_id), None)
    if own is not None:
        return BlindState(own=_line(own))
    overtaken = _overtaken(standing, user_id)
    if len(readings) < _ROUNDS:
        return BlindState(overtaken=overtaken, concealed=frozenset(one.user_id for one in readings))
    return BlindState(overtaken=overtaken, disagreed=tuple(_line(one) for one in readings[:_ROUNDS]))


def _overtaken(standing: Sequence[BlindAnswer], user_id: str) -> ReadingLine | None:
    """This steward's last reading, of a basis that is no more and that nobody read after them."""
    last = {one.basis_hash: one for one in standing}
    mine = [one for one in last.values() if one.user_id == user_id]
    return _line(max(mine, key=lambda one: one.decided_at)) if mine else None


def read_by(user_id: str) -> QuerySet[BlindAnswer, BlindAnswer]:
    """Standing readings by this steward of the present version of the potential match of the outer query."""
    return BlindAnswer.objects.filter(
        potential_match=OuterRef("pk"),
        task_version=OuterRef("version"),
        user_id=user_id,
        overturned_at__isnull=True,
    )


def _line(answer: BlindAnswer) -> ReadingLine:
    why = ": ".join(part for part in (REASONS.get(answer.reason_code, ""), answer.comment) if part)
    return ReadingLine(answer.uuid, Outcome(answer.outcome).label, answer.user_name, why, answer.decided_at)
