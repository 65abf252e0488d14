"""Which acts on identity need two people, in one place (decision 0016).

A guard asks inside the transaction of the act, on locked golden records: so it judges what the act would change, not
what a page once showed. It holds for people and for clients; the engine's own acts have rules of their own. Which of
the reasons count in an installation is `settings.SECOND_PERSON`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from mpi.commands import Actor
from mpi.errors import AwaitsSecondPerson, Forbidden, SecondPersonNeeded
from mpi.models import (
    MERGES,
    GoldenRecord,
    IdentityEvent,
    IdentityTask,
    Link,
    PotentialMatch,
    Proposal,
    ProposalState,
)
from mpi.queries.vip import vip_ids
from mpi.services.rows import fetch

VIP, LARGE, CONFLICT, SPLIT, OLD, ASKED = (
    "vip",
    "large-person",
    "conflicting-identifiers",
    "overlay-split",
    "old-merge",
    "asked",
)
WORDS: Mapping[str, str] = {
    VIP: "A supervisor marked one of the persons as VIP.",
    LARGE: "The person has, or would have, more source records than one should.",
    CONFLICT: "The two hold different numbers of a kind of which one person has only one, such as an SSN.",
    SPLIT: "Splitting a source record gives what was told of one number to two people.",
    OLD: "The merge is old: much may rest on it by now.",
    ASKED: "The proposer asked for a second person.",
}
"""Why two people are asked, by code."""

# Kinds of numbers of which a person has one for life (HL7 table 0203). Passports and licences are renewed.
_SINGLE = """
SELECT l.golden_record_id, i.authority, i.type, i.value_index, s.code = ANY(%s::text[])
FROM mpi_link l JOIN mpi_identifier i ON i.source_record_id = l.source_record_id
JOIN mpi_source_record r ON r.id = i.source_record_id JOIN mpi_source_system s ON s.id = r.source_system_id
WHERE l.golden_record_id = ANY(%s::bigint[]) AND l.ended_at IS NULL AND l.source_record_id <> ALL(%s::bigint[])
  AND (i.type IN ('SS', 'SSN', 'NI') OR left(i.type, 2) = 'NN')
UNION ALL
SELECT 0, i.authority, i.type, i.value_index, s.code = ANY(%s::text[]) FROM mpi_identifier i
JOIN mpi_source_record r ON r.id = i.source_record_id JOIN mpi_source_system s ON s.id = r.source_system_id
WHERE i.source_record_id = ANY(%s::bigint[]) AND (i.type IN ('SS', 'SSN', 'NI') OR left(i.type, 2) = 'NN')
"""


@dataclass(frozen=True, slots=True)
class Approval:
    """Another person stands for the act: `proposer_id` proposed it, the actor of the act approves it.

    `trial`: the act is only tried, and rolled back, to see whether it could be done at all.
    """

    proposer_id: str
    trial: bool = False


def merge_reasons(one: GoldenRecord, other: GoldenRecord, *, actor: Actor) -> tuple[str, ...]:
    """Why a merge of these two by this actor would need two people. Two queries."""
    large = one.member_count + other.member_count > settings.LARGE_PERSON
    found = {VIP: _vip([one, other], actor), LARGE: large, CONFLICT: _conflict(one.pk, other.pk)}
    return _in_force(found)


def link_reasons(
    record_id: int, left: GoldenRecord, taker: GoldenRecord, *, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """Why moving a source record by hand would need two people. Three queries."""
    found = {
        VIP: _vip([left, taker], actor),
        LARGE: taker.member_count + 1 > settings.LARGE_PERSON,
        CONFLICT: _conflict(taker.pk, 0, moving=[record_id]),
        OLD: _came_by_old_merge(record_id, now),
    }
    return _in_force(found)


def unlink_reasons(record_id: int, golden: GoldenRecord, *, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Why taking a source record out would need two people. Two queries."""
    return _in_force({VIP: _vip([golden], actor), OLD: _came_by_old_merge(record_id, now)})


def take_back_reasons(
    event: IdentityEvent, golden_records: Iterable[GoldenRecord], *, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """Why taking a merge back, by an undo or an unmerge, would need two people; nothing for other acts. One query."""
    if event.kind not in MERGES:
        return ()
    concerned = list(golden_records)
    found = {
        VIP: _vip(concerned, actor),
        LARGE: any(golden.member_count > settings.LARGE_PERSON for golden in concerned),
        OLD: event.recorded_at < now - timedelta(days=settings.OLD_MERGE_DAYS),
    }
    return _in_force(found)


def split_reasons() -> tuple[str, ...]:
    """Why a split of a source record would need two people."""
    return _in_force({SPLIT: True})


def require_two(actor: Actor, reasons: Collection[str], approval: Approval | None) -> None:
    """Raise SecondPersonNeeded where policy asks for two people and only one stands for the act.

    Raises Forbidden where the approver is who proposed.
    """
    if approval is not None:
        if actor.id == approval.proposer_id and not approval.trial:
            raise Forbidden("Who proposes does not approve. Nothing was changed.")
        return
    if reasons and actor.is_human:
        told = " ".join(WORDS[code] for code in reasons)
        raise SecondPersonNeeded(
            f"Two people are asked here. {told} Nothing was changed: propose it, and another one approves.",
            extra={"asked_by": list(reasons)},
        )


def require_not_proposed(match: PotentialMatch, sides: Iterable[GoldenRecord], approval: Approval | None) -> None:
    """Raise AwaitsSecondPerson while a proposal answers this question and nothing it rests on has changed."""
    if approval is not None:
        return
    versions = {side.euid: side.version for side in sides}
    for proposal in Proposal.objects.filter(potential_match=match, state=ProposalState.OPEN):
        _require_stale(proposal, versions)


def require_no_split_proposed(task: IdentityTask) -> None:
    """Raise AwaitsSecondPerson while a split answers this overlay and nothing it rests on has changed."""
    for proposal in Proposal.objects.filter(identity_task=task, state=ProposalState.OPEN):
        present = GoldenRecord.objects.filter(euid__in=list(proposal.versions))
        _require_stale(proposal, dict(present.values_list("euid", "version")))


def _require_stale(proposal: Proposal, versions: Mapping[str, int]) -> None:
    if proposal.versions == versions:
        raise AwaitsSecondPerson(
            f"{proposal.proposer_name} has proposed an answer, which waits for a second person. "
            "Nothing was changed: approve or reject it.",
            extra={"proposal": str(proposal.uuid)},
        )


def _in_force(found: Mapping[str, bool]) -> tuple[str, ...]:
    return tuple(code for code, holds in found.items() if holds and code in settings.SECOND_PERSON)


def _vip(golden_records: Iterable[GoldenRecord], actor: Actor) -> bool:
    """Whether one of them is marked. For whoever has lifted a mark lately it counts on: one person is not two."""
    return bool(vip_ids([golden.pk for golden in golden_records], lifted_by=actor.id))


def _came_by_old_merge(record_id: int, now: datetime) -> bool:
    """Whether an old merge moved the record to where it is: taken out one by one, the merge would be taken apart."""
    own = Link.objects.filter(source_record=record_id)
    moved = own.filter(ended_at__isnull=True, opened_by_event__in=own.values("ended_by_event"))
    before = now - timedelta(days=settings.OLD_MERGE_DAYS)
    return moved.filter(opened_by_event__kind__in=MERGES, opened_by_event__recorded_at__lt=before).exists()


def _conflict(one_id: int, other_id: int, *, moving: Collection[int] = ()) -> bool:
    """Whether both sides hold numbers of one kind and have none in common. Side 0 are the records `moving`.

    What was typed at a desk of this index counts only where no source tells a number: else one person could type the
    number that both are to have in common, and merge them.
    """
    typed = [settings.REGISTRATION_SYSTEM, settings.MPI_DOWNTIME_SYSTEM]
    numbers: dict[tuple[str, str], dict[tuple[int, bool], set[bytes]]] = defaultdict(lambda: defaultdict(set))
    rows = fetch(_SINGLE, typed, [one_id, other_id], list(moving), typed, list(moving))
    for golden_id, authority, kind, index, is_typed in rows:
        numbers[authority, kind][golden_id, is_typed].add(bytes(index))
    for told in numbers.values():
        one, other = (told[pk, False] or told[pk, True] for pk in (one_id, other_id))
        if one and other and not one & other:
            return True
    return False
