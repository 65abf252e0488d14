"""Merge: two golden records are one person. Preview, then do; reversible by `undo` and `unmerge`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.actions import Action
from mpi import codec
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, Separated
from mpi.models import EventKind, GoldenRecord, IdentityEvent, Link, PotentialMatch, PotentialMatchStatus
from mpi.services.act import ActResult, begin, check_sides, done, find_golden_record
from mpi.services.golden import RULES, recompute
from mpi.services.locking import require_live, run_act
from mpi.services.neighbourhood import open_links, open_matches, separated_pairs
from mpi.services.reasons import check_reason
from mpi.services.redirect import follow_redirect
from mpi.services.second_person_policy import Approval, merge_reasons, require_two
from mpi.services.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What a merge would do: the survived values, which EUID points where, what stands in the way."""

    survivor: GoldenRecord
    retired: GoldenRecord
    values: dict[str, Any] = field(repr=False)
    provenance: dict[str, Any] = field(repr=False)
    changed: tuple[str, ...]
    redirected: tuple[str, ...]
    moved_records: int
    potential_matches_closed: int
    separated: bool


def preview_merge(*, survivor_euid: str, retired_euid: str, actor: Actor) -> MergePreview:
    """Compute a merge without writing anything. Raises Forbidden, NotFound, AlreadyMerged, InvalidInput."""
    require(actor, Permission.MERGE)
    survivor, retired = _sides(survivor_euid, retired_euid)
    for golden in (survivor, retired):
        require_live(golden)
    links = open_links([survivor.pk, retired.pk])
    trial = GoldenRecord(
        **{part.attname: getattr(survivor, part.attname) for part in GoldenRecord._meta.concrete_fields}
    )
    moved = [Link(source_record_id=link.source_record_id, golden_record_id=trial.pk) for link in links[retired.pk]]
    ((_, changed),) = recompute([trial], opened=moved, ended=set(), records={}, heirs={trial.pk: retired})
    closing = [pair for pair in open_matches([survivor.pk, retired.pk]) if pair == {survivor.pk, retired.pk}]
    return MergePreview(
        survivor=survivor,
        retired=retired,
        values=codec.golden_values(trial),
        provenance={field: told for field, told in trial.provenance.items() if field != RULES},
        changed=tuple(sorted(changed - {"provenance"})),
        redirected=(retired.euid, *retired.merged_from.values_list("euid", flat=True)),
        moved_records=len(moved),
        potential_matches_closed=len(closing),
        separated=bool(_separations(links[survivor.pk], links[retired.pk])),
    )


def merge_golden_records(
    *,
    survivor_euid: str,
    retired_euid: str,
    versions: Mapping[str, int],
    reason_code: str,
    reason: str,
    actor: Actor,
) -> ActResult:
    """Retire one golden record into another.

    `versions` are those that the caller saw, by EUID. Raises Forbidden, NotFound, InvalidInput,
    StaleVersion, AlreadyMerged, Separated, SecondPersonNeeded, Busy. One identity event, undoable.
    """
    require(actor, Permission.MERGE)
    check_reason(reason_code, reason)
    return run_act(
        lambda: merge_within(
            survivor_euid=survivor_euid,
            retired_euid=retired_euid,
            versions=versions,
            reason_code=reason_code,
            reason=reason,
            actor=actor,
        )
    )


def merge_within(
    *,
    survivor_euid: str,
    retired_euid: str,
    versions: Mapping[str, int],
    reason_code: str,
    reason: str,
    actor: Actor,
    approval: Approval | None = None,
) -> ActResult:
    """The same inside the caller's durable transaction; `approval` where another person has proposed it."""
    survivor, retired = _sides(survivor_euid, retired_euid)
    unit = begin(actor, [survivor.pk, retired.pk])
    event = unit.event(EventKind.MERGE, reason_code=reason_code, reason=reason)
    result = merge_locked(
        unit, event, survivor_id=survivor.pk, retired_id=retired.pk, versions=versions, approval=approval
    )
    unit.flush()
    return result


def merge_locked(
    unit: UnitOfWork,
    event: IdentityEvent,
    *,
    survivor_id: int,
    retired_id: int,
    versions: Mapping[str, int],
    resolved: PotentialMatch | None = None,
    approval: Approval | None = None,
) -> ActResult:
    """The body of a merge, on locked golden records. `resolved` is the potential match that this act answers."""
    survivor, retired = unit.golden_records[survivor_id], unit.golden_records[retired_id]
    check_sides([survivor, retired], versions)
    links = open_links([survivor_id, retired_id])
    if _separations(links[survivor_id], links[retired_id]):
        raise Separated(
            "A steward decided that records of these two golden records are different people; nothing was merged. "
            "Lift that separation first, if you know it to be wrong."
        )
    require_two(unit.actor, merge_reasons(survivor, retired, actor=unit.actor), approval)
    unit.merge(event, retired, survivor, links[retired_id])
    matches = open_matches([survivor_id, retired_id])
    if resolved is not None:
        matches.pop(frozenset((survivor_id, retired_id)), None)
        unit.close_potential_match(event, resolved, PotentialMatchStatus.SAME, "resolved")
    follow_redirect(unit, event, matches, retired=retired, survivor=survivor)
    unit.audit_golden(
        Action.GOLDEN_MERGED,
        survivor,
        retired,
        reason_code=event.reason_code,
        reason=event.reason,
        detail={"event": str(event.uuid)},
    )
    return done(event, "The two golden records are one now.", survivor)


def _sides(survivor_euid: str, retired_euid: str) -> tuple[GoldenRecord, GoldenRecord]:
    survivor, retired = find_golden_record(survivor_euid), find_golden_record(retired_euid)
    if survivor.pk == retired.pk:
        flaw = Flaw("retired", "is the survivor itself", "name another golden record")
        raise InvalidInput("A golden record cannot be merged into itself; nothing was changed.", flaws=[flaw])
    return survivor, retired


def _separations(left: list[Link], right: list[Link]) -> bool:
    rights = {link.source_record_id for link in right}
    lefts = {link.source_record_id for link in left}
    return any(
        (low in lefts and high in rights) or (low in rights and high in lefts) for low, high in separated_pairs(lefts)
    )
