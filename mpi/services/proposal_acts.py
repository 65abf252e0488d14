"""The acts that can be proposed, as values: what each needs, what it acts upon, and how it is carried out.

Stored as JSON in `Proposal.parameters`, without any value of a person; the registry at the end reads them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from mpi.access import Permission
from mpi.commands import Actor
from mpi.models import GoldenRecord, IdentityEvent, ProposalAct
from mpi.services.link import link_within
from mpi.services.merge import merge_within
from mpi.services.overlay_split import split_within
from mpi.services.resolve import Answer, resolve_locked
from mpi.services.second_person_policy import Approval
from mpi.services.undo import undo_within
from mpi.services.unlink import unlink_within
from mpi.services.unmerge import unmerge_within


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of an act: a code of `mpi.services.reasons`, "" where the act has none, and words."""

    code: str
    words: str


class ProposedAct(Protocol):
    """What a second person can be asked for."""

    @property
    def kind(self) -> ProposalAct: ...

    @property
    def subject(self) -> str:
        """What is acted upon; the same act on it can be open once."""

    @property
    def permission(self) -> str: ...

    def carry_out(self, *, why: Why, actor: Actor, approval: Approval | None) -> UUID:
        """Do it, inside the caller's durable transaction; the number of the identity event."""


@dataclass(frozen=True, slots=True)
class ProposedMerge:
    """Retire one golden record into another; `versions` are those that the proposer saw, by EUID."""

    survivor_euid: str
    retired_euid: str
    versions: Mapping[str, int]
    kind: ClassVar[ProposalAct] = ProposalAct.MERGE
    permission: ClassVar[str] = Permission.MERGE

    @property
    def subject(self) -> str:
        return "merge:" + ":".join(sorted((self.survivor_euid, self.retired_euid)))

    def carry_out(self, *, why: Why, actor: Actor, approval: Approval | None) -> UUID:
        return merge_within(
            survivor_euid=self.survivor_euid,
            retired_euid=self.retired_euid,
            versions=self.versions,
            reason_code=why.code,
            reason=why.words,
            actor=actor,
            approval=approval,
        ).event_uuid


@dataclass(frozen=True, slots=True)
class ProposedAnswer:
    """The answer to a potential match, of the versions that the proposer saw."""

    potential_match: str
    outcome: Answer
    version: int
    versions: Mapping[str, int]
    permission: ClassVar[str] = Permission.REVIEW

    @property
    def kind(self) -> ProposalAct:
        return ProposalAct.SAME_PERSON if self.outcome == "same" else ProposalAct.DIFFERENT_PEOPLE

    @property
    def subject(self) -> str:
        return f"potential-match:{self.potential_match}"

    def carry_out(self, *, why: Why, actor: Actor, approval: Approval | None) -> UUID:
        return resolve_locked(
            uuid=self.potential_match,
            outcome=self.outcome,
            version=self.version,
            versions=self.versions,
            reason_code=why.code,
            reason=why.words,
            actor=actor,
            approval=approval,
        ).event_uuid


@dataclass(frozen=True, slots=True)
class ProposedUnmerge:
    """Take a merge apart: they are two people."""

    event: str
    kind: ClassVar[ProposalAct] = ProposalAct.UNMERGE
    permission: ClassVar[str] = Permission.MERGE

    @property
    def subject(self) -> str:
        return f"take-back:{self.event}"

    def carry_out(self, *, why: Why, actor: Actor, approval: Approval | None) -> UUID:
        return unmerge_within(
            event_uuid=self.event, reason_code=why.code, reason=why.words, actor=actor, approval=approval
        ).event_uuid


@dataclass(frozen=True, slots=True)
class ProposedUndo:
    """Take an act back: it was a slip."""

    event: str
    kind: ClassVar[ProposalAct] = ProposalAct.UNDO
    permission: ClassVar[str] = Permission.MERGE

    @property
    def subject(self) -> str:
        return f"take-back:{self.event}"

    def carry_out(self, *, why: Why, actor: Actor, approval: Approval | None) -> UUID:
        return undo_within(event_uuid=self.event, reason=why.words, actor=actor, approval=approval).event_uuid


@dataclass(frozen=True, slots=True)
class ProposedSplit:
    """Split the record of an overlay task; `at` in ISO 8601, "" for the time of the doubtful update."""

    identity_task: str
    version: int | None = None
    at: str = ""
    kind: ClassVar[ProposalAct] = ProposalAct.OVERLAY_SPLIT
    permission: ClassVar[str] = Permission.MERGE

    @property
    def subject(self) -> str:
        return f"identity-task:{self.identity_task}"

    def carry_out(self, *, why: Why, actor: Actor, approval: Approval | None) -> UUID:
        return split_within(
            task_uuid=self.identity_task,
            at=datetime.fromisoformat(self.at) if self.at else None,
            reason=why.words,
            actor=actor,
            version=self.version,
            approval=approval,
        ).event_uuid


@dataclass(frozen=True, slots=True)
class ProposedLink:
    """Move a source record, by its key, to a golden record of the version that the proposer saw."""

    record_id: int
    euid: str
    version: int | None = None
    kind: ClassVar[ProposalAct] = ProposalAct.LINK
    permission: ClassVar[str] = Permission.MERGE

    @property
    def subject(self) -> str:
        return f"source-record:{self.record_id}"

    def carry_out(self, *, why: Why, actor: Actor, approval: Approval | None) -> UUID:
        return link_within(
            record_id=self.record_id,
            euid=self.euid,
            version=self.version,
            reason_code=why.code,
            reason=why.words,
            actor=actor,
            approval=approval,
        ).event_uuid


@dataclass(frozen=True, slots=True)
class ProposedUnlink:
    """Take a source record, by its key, out of its golden record."""

    record_id: int
    kind: ClassVar[ProposalAct] = ProposalAct.UNLINK
    permission: ClassVar[str] = Permission.MERGE

    @property
    def subject(self) -> str:
        return f"source-record:{self.record_id}"

    def carry_out(self, *, why: Why, actor: Actor, approval: Approval | None) -> UUID:
        return unlink_within(
            record_id=self.record_id, reason_code=why.code, reason=why.words, actor=actor, approval=approval
        ).event_uuid


_ACTS: Mapping[str, Any] = {
    ProposalAct.MERGE: ProposedMerge,
    ProposalAct.SAME_PERSON: ProposedAnswer,
    ProposalAct.DIFFERENT_PEOPLE: ProposedAnswer,
    ProposalAct.UNMERGE: ProposedUnmerge,
    ProposalAct.UNDO: ProposedUndo,
    ProposalAct.OVERLAY_SPLIT: ProposedSplit,
    ProposalAct.LINK: ProposedLink,
    ProposalAct.UNLINK: ProposedUnlink,
}


def parameters_of(act: ProposedAct) -> dict[str, Any]:
    """What is stored of an act."""
    return asdict(act)  # type: ignore[call-overload, no-any-return]  # each of them is a dataclass


def proposed_act(kind: str, parameters: Mapping[str, Any]) -> ProposedAct:
    """The act that was stored so."""
    act: ProposedAct = _ACTS[kind](**parameters)
    return act


def versions_bound(event: IdentityEvent) -> dict[str, int]:
    """EUID -> version before the event, of every golden record that stood before it and that it changed. One query."""
    states = event.payload["golden_records"]
    rows = GoldenRecord.objects.filter(pk__in=[int(pk) for pk in states]).values_list("pk", "euid")
    before = {euid: states[str(pk)]["before"]["version"] for pk, euid in rows}
    return {euid: version for euid, version in sorted(before.items()) if version}
