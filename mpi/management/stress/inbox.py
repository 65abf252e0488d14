"""What became of the messages of a run: what waits is applied; each must be applied, or refused by design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from mpi.access import ROLES
from mpi.commands import Actor, system_actor
from mpi.errors import MpiError
from mpi.models import IdentityTask, InboundMessage, MessageState, Proposal, ProposalAct, ProposalState, TaskType
from mpi.services.overlay import decide_overlay
from mpi.services.proposal_decide import reject_proposal
from mpi.services.record_states import ANOTHER_PERSON
from mpi.services.subsumed import MERGED_NUMBER
from mpi.services.sweep import sweep_inbox

BY_DESIGN: Final = frozenset((MERGED_NUMBER, ANOTHER_PERSON))
"""Why a random message may be rejected: they are well formed, but acts merge numbers and refuse overlays."""
_ROUNDS = 50
_SWEPT_S = 60.0
_WAITS = (MessageState.RECEIVED, MessageState.QUEUED)


def drain() -> tuple[int, list[str]]:
    """Answer every overlay and apply what waits, until nothing waits or nothing moves.

    Returns how many messages waited, and what answers were refused with (none should be).
    """
    actor = system_actor("stress", source="command")
    waiting = InboundMessage.objects.filter(state__in=_WAITS)
    waited, refused = waiting.count(), list[str]()
    _reject_splits()
    for _ in range(_ROUNDS):
        refused = []
        for task in IdentityTask.objects.filter(type=TaskType.OVERLAY, status="open").order_by("id"):
            try:
                decide_overlay(task_uuid=task.uuid, accept=True, reason="stress", actor=actor)
            except MpiError as error:
                refused.append(f"overlay {task.uuid}: {error.code}")
        sweep_inbox(older_than_s=-_SWEPT_S, seconds=_SWEPT_S)
        if not waiting.exists():
            break
    return waited, refused


def _reject_splits() -> None:
    """Who was killed between a proposal and its approval left the task to a second person."""
    colleague = Actor(
        kind="user",
        id="stress:colleague",
        name="A colleague",
        permissions=ROLES["supervisor"],
        source="command",
    )
    for proposal in Proposal.objects.filter(act=ProposalAct.OVERLAY_SPLIT, state=ProposalState.OPEN):
        reject_proposal(uuid=proposal.uuid, reason="stress", actor=colleague)


def settled(acknowledged: set[str]) -> dict[str, Any]:
    """Counts: of the messages that were answered for, and of all, those refused by what was said of them.

    `lost` were answered for and neither applied nor rejected; `unsettled` came in, answered for or not, and wait or
    are dead; `unexpected` were rejected for a reason that no random message can cause by design.
    """
    sent = InboundMessage.objects.exclude(control_id="").values_list("control_id", "state", "errors")
    states, rejected = dict[str, str](), Counter[str]()
    for control_id, state, errors in sent.iterator():
        states[control_id] = state
        if state == MessageState.REJECTED:
            rejected.update([_why(errors)])
    told = Counter(states.get(control_id, "missing") for control_id in acknowledged)
    ended = (MessageState.APPLIED.value, MessageState.REJECTED.value)
    return {
        "acknowledged": len(acknowledged),
        "applied": told[MessageState.APPLIED.value],
        "rejected": told[MessageState.REJECTED.value],
        "lost": len(acknowledged) - sum(told[state] for state in ended),
        "unsettled": sum(state not in ended for state in states.values()),
        "rejections": dict(sorted(rejected.items())),
        "unexpected": sum(count for why, count in rejected.items() if why not in BY_DESIGN),
    }


def _why(errors: Iterable[dict[str, str]] | None) -> str:
    return "; ".join(flaw["problem"] for flaw in errors or ()) or "no reason"
