"""What an identity event keeps of a golden record and of a potential match, so that an undo can restore it."""

from __future__ import annotations

from typing import Protocol

from mpi.models import PotentialMatch


class Identified(Protocol):
    """A golden record, or the row that a bulk load makes of one."""

    status: str
    merged_into_id: int | None
    version: int
    verified: bool


def golden_state(golden: Identified) -> dict[str, object]:
    """What an undo must restore of a golden record besides its links."""
    return {
        "status": str(golden.status),
        "merged_into": golden.merged_into_id,
        "version": golden.version,
        "verified": golden.verified,
    }


def match_state(match: PotentialMatch) -> dict[str, object]:
    """What an undo must restore of a potential match."""
    return {
        "golden_a_id": match.golden_a_id,
        "golden_b_id": match.golden_b_id,
        "status": str(match.status),
        "version": match.version,
        "closed_reason": match.closed_reason,
    }
