"""What a proposal would do if it were approved now, in words and, for a merge, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mpi.commands import Actor
from mpi.errors import MpiError
from mpi.euid import grouped
from mpi.models import Proposal, ProposalAct, SourceRecord
from mpi.queries.acts import MergeRow, merge_rows
from mpi.queries.person import banner
from mpi.services.merge import preview_merge
from mpi.services.proposal_acts import (
    ProposedAct,
    ProposedAnswer,
    ProposedLink,
    ProposedMerge,
    ProposedSplit,
    ProposedUnlink,
    proposed_act,
)
from mpi.services.take_back import preview_undo, preview_unmerge

_APART = "A separation keeps them apart on every path until somebody lifts it."
_TOLD = "Subscribers of every golden record concerned are told."
_SPLIT = (
    "What the source told of this number before stays with the person it had; what it told from then on becomes "
    "another person's. The source is asked to give the first patient a number again."
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """`effects` in sentences; `rows` compare both sides, whose `names` are told, with the merged values.

    `refused` says why it cannot be done, "" when it could.
    """

    effects: tuple[str, ...] = ()
    rows: Sequence[MergeRow] = ()
    survivor: str = ""
    retired: str = ""
    names: tuple[Mapping[str, str], ...] = ()
    refused: str = ""


def outlook(proposal: Proposal, actor: Actor) -> Outlook:
    """Computed without writing anything. Its queries do not depend on the number of records."""
    act = proposed_act(proposal.act, proposal.parameters)
    try:
        return _outlook(act, proposal, actor)
    except MpiError as refusal:
        return Outlook(refused=refusal.detail)


def _outlook(act: ProposedAct, proposal: Proposal, actor: Actor) -> Outlook:
    if isinstance(act, ProposedMerge):
        return _merged(act.survivor_euid, act.retired_euid, actor)
    if isinstance(act, ProposedAnswer):
        match = proposal.potential_match
        if act.outcome == "different" or match is None:
            return Outlook(effects=("The question is answered: different people.", _APART, _TOLD))
        older, newer = sorted((match.golden_a, match.golden_b), key=lambda golden: golden.pk)
        return _merged(older.euid, newer.euid, actor)
    if isinstance(act, ProposedLink):
        effects = (f"{_record(act.record_id)} moves to {grouped(act.euid)}.", "It is kept apart from those it leaves.")
        return Outlook(effects=(*effects, _TOLD))
    if isinstance(act, ProposedUnlink):
        effects = (f"{_record(act.record_id)} gets a provisional golden record of its own.", _APART)
        return Outlook(effects=(*effects, _TOLD))
    if isinstance(act, ProposedSplit):
        return Outlook(effects=(_SPLIT, _TOLD))
    return _taken_back(proposal, actor)


def _merged(survivor: str, retired: str, actor: Actor) -> Outlook:
    found = preview_merge(survivor_euid=survivor, retired_euid=retired, actor=actor)
    if found.separated:
        return Outlook(refused="A steward decided that records of these two are different people.")
    records = "source record moves" if found.moved_records == 1 else "source records move"
    closes = "open question closes" if found.potential_matches_closed == 1 else "open questions close"
    effects = (
        f"{', '.join(grouped(euid) for euid in found.redirected)} leads to {grouped(survivor)} from then on.",
        f"{found.moved_records} {records}.",
        f"{found.potential_matches_closed} {closes}.",
        _TOLD,
    )
    rows = merge_rows(found.survivor, found.retired, found.values)
    names = tuple(banner(side).name for side in (found.survivor, found.retired))
    return Outlook(effects, rows, survivor=survivor, retired=retired, names=names)


def _taken_back(proposal: Proposal, actor: Actor) -> Outlook:
    """An undo or an unmerge: who gets which source records back."""
    event_uuid = proposal.parameters["event"]
    is_unmerge = proposal.act == ProposalAct.UNMERGE
    found = (preview_unmerge if is_unmerge else preview_undo)(event_uuid=event_uuid, actor=actor)
    if not found.undoable:
        return Outlook(refused=found.blocked_by)
    effects = [
        f"{grouped(golden.euid)} gets {count} source record{'' if count == 1 else 's'} back."
        for golden, count in found.restored
    ]
    effects.append(_APART if is_unmerge else "Everything is as it was before the act; open questions open again.")
    return Outlook(effects=(*effects, _TOLD))


def _record(record_id: int) -> str:
    record = SourceRecord.objects.select_related("source_system").get(pk=record_id)
    return f"{record.source_system.name} {record.mrn}"
