"""Acts that wait for a second person, and what became of them. No page of them costs more queries than another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mpi.models import GoldenRecord, IdentityTask, Proposal, ProposalAct, ProposalState
from mpi.queries.keyset import Page, newest_first
from mpi.queries.person import Banner, banner

PAGE_SIZE = 25
ACT_WORDS: Mapping[str, str] = {
    ProposalAct.MERGE: "Merge two golden records",
    ProposalAct.SAME_PERSON: "Answer “same person”",
    ProposalAct.DIFFERENT_PEOPLE: "Answer “different people”",
    ProposalAct.UNMERGE: "Unmerge: two people",
    ProposalAct.UNDO: "Undo an act",
    ProposalAct.OVERLAY_SPLIT: "Split a source record",
    ProposalAct.LINK: "Move a source record",
    ProposalAct.UNLINK: "Take a source record out",
}
ASKED_WORDS: Mapping[str, str] = {
    "vip": "VIP",
    "large-person": "large person",
    "conflicting-identifiers": "conflicting numbers",
    "overlay-split": "overlay split",
    "old-merge": "old merge",
    "asked": "the proposer wants it",
}
STATES = tuple(ProposalState.values)


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal. `people` are those it concerns; `current`: nothing that it is bound to has changed since."""

    uuid: UUID
    number: int
    act: str
    words: str
    asked_by: tuple[str, ...]
    people: tuple[Banner, ...]
    reason_code: str
    reason: str
    proposer_id: str
    proposer_name: str
    proposed_at: datetime
    state: str
    current: bool
    decided_by_name: str
    decided_at: datetime | None
    decision_reason: str
    event: UUID | None
    task: UUID | None
    identity_task: UUID | None

    @property
    def asked_words(self) -> tuple[str, ...]:
        """Why two people are asked, in a few words each."""
        return tuple(ASKED_WORDS[code] for code in self.asked_by)

    @property
    def open(self) -> bool:
        """Whether it waits."""
        return self.state == ProposalState.OPEN


def proposals(state: str, *, before: int | None = None, size: int = PAGE_SIZE) -> Page[Proposal]:
    """A page of the proposals in this state, "" for all that were decided; the newest first. One query."""
    found = Proposal.objects.select_related("event", "potential_match", "identity_task")
    found = found.filter(state=state) if state else found.exclude(state=ProposalState.OPEN)
    return newest_first(found, before=before, size=size)


def listed(state: str, *, before: int | None, size: int) -> list[Proposal]:
    """The newest proposals in this state, one more than `size` where there are more. One query."""
    found = Proposal.objects.select_related("event", "potential_match", "identity_task").filter(state=state)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[: size + 1])


def find(uuid: UUID | str) -> Proposal | None:
    """One proposal with what it speaks of. One query."""
    return Proposal.objects.select_related("event", "potential_match", "identity_task").filter(uuid=uuid).first()


def rows(found: Sequence[Proposal]) -> tuple[ProposalRow, ...]:
    """As pages and programs show them. One query for any number."""
    euids = {euid for proposal in found for euid in proposal.versions}
    golden = {one.euid: one for one in GoldenRecord.objects.filter(euid__in=euids)} if euids else {}
    return tuple(_row(proposal, golden) for proposal in found)


def split_proposed(task: IdentityTask) -> Proposal | None:
    """The split of this overlay that waits for a second person. One query."""
    return Proposal.objects.filter(identity_task=task, state=ProposalState.OPEN).first()


def waiting() -> int:
    """How many wait. One query, of an index."""
    return Proposal.objects.filter(state=ProposalState.OPEN).count()


def euids_of(found: Iterable[ProposalRow]) -> list[str]:
    """Everybody named on a page, each once."""
    return list(dict.fromkeys(one.euid for row in found for one in row.people))


def _row(proposal: Proposal, golden: Mapping[str, GoldenRecord]) -> ProposalRow:
    concerned = [golden[euid] for euid in proposal.versions]
    return ProposalRow(
        uuid=proposal.uuid,
        number=proposal.pk,
        act=str(proposal.act),
        words=ACT_WORDS[proposal.act],
        asked_by=tuple(proposal.asked_by),
        people=tuple(banner(one) for one in sorted(concerned, key=lambda one: one.pk)),
        reason_code=proposal.reason_code,
        reason=proposal.reason,
        proposer_id=proposal.proposer_id,
        proposer_name=proposal.proposer_name,
        proposed_at=proposal.proposed_at,
        state=str(proposal.state),
        current=all(golden[euid].version == version for euid, version in proposal.versions.items()),
        decided_by_name=proposal.decided_by_name,
        decided_at=proposal.decided_at,
        decision_reason=proposal.decision_reason,
        event=proposal.event.uuid if proposal.event else None,
        task=proposal.potential_match.uuid if proposal.potential_match else None,
        identity_task=proposal.identity_task.uuid if proposal.identity_task else None,
    )
