"""What a source merge would do, computed without writing anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mpi import codec
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import InvalidInput, MpiError
from mpi.models import GoldenRecord, PotentialMatch, SourceRecord
from mpi.services.active_model import active_model
from mpi.services.golden import recompute
from mpi.services.left_behind import alike, compared
from mpi.services.neighbourhood import open_links
from mpi.services.source_merge import carried_separations, check_standing, contradicted, links_of


@dataclass(frozen=True, slots=True)
class SourceMergePreview:
    """`home` is the surviving number's golden record, `left` that of the number that is given up; None without a link.

    stays        source records that stay in `left`; none of another one: its EUID leads to `home` from then on
    asks         "question" or "task": how a steward is asked about who stays, "" if nobody need be asked
    carried      source records that are kept apart from the surviving number too
    values       golden values of `left` without the record
    separated    a steward keeps the two people apart: nothing will change but that a task asks who is right
    blocked_by   why it cannot be, "" if it can
    """

    survivor: SourceRecord
    subsumed: SourceRecord
    home: GoldenRecord | None = None
    left: GoldenRecord | None = None
    stays: int = 0
    asks: str = ""
    carried: int = 0
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    separated: bool = False
    blocked_by: str = ""


def preview_source_merge(*, survivor: SourceRecord, subsumed: SourceRecord, actor: Actor) -> SourceMergePreview:
    """Two records as the gate handed them out. Raises Forbidden, InvalidInput (one record, or of two sources)."""
    require(actor, Permission.MERGE)
    if survivor.pk == subsumed.pk or survivor.source_system_id != subsumed.source_system_id:
        raise InvalidInput("Two numbers of one source are merged; nothing was changed.")
    links = links_of((survivor.pk, subsumed.pk))
    owners = GoldenRecord.objects.in_bulk([link.golden_record_id for link in links.values()])
    home, left = (owners.get(links[pk].golden_record_id) if pk in links else None for pk in (survivor.pk, subsumed.pk))
    blocked_by = _blocked_by(survivor, subsumed)
    if blocked_by or home is None or left is None:
        return SourceMergePreview(survivor, subsumed, home, left, blocked_by=blocked_by)
    members = open_links([home.pk, left.pk])
    staying = {link.source_record_id for link in members[left.pk]} - {subsumed.pk}
    return SourceMergePreview(
        survivor,
        subsumed,
        home,
        left,
        stays=len(staying),
        asks=_asks(home, left, {link.source_record_id for link in members[home.pk]}, staying),
        carried=len(carried_separations(survivor.pk, subsumed.pk)),
        values=_values_without(left, links[subsumed.pk].pk) if staying else {},
        separated=contradicted(links),
    )


def _blocked_by(survivor: SourceRecord, subsumed: SourceRecord) -> str:
    for record, which in ((survivor, "surviving"), (subsumed, "other")):
        try:
            check_standing(record, "")
        except MpiError as error:
            (flaw,) = error.flaws
            return f"The {which} number {flaw.problem}: {flaw.mend}."
    return ""


def _asks(home: GoldenRecord, left: GoldenRecord, ours: set[int], staying: set[int]) -> str:
    if home.pk == left.pk or not staying:
        return ""
    sides = {home.pk, left.pk}
    if PotentialMatch.objects.filter(status="open", golden_a__in=sides, golden_b__in=sides).exists():
        return "question"
    return "question" if alike(compared(ours, staying, active_model().model)) else "task"


def _values_without(golden: GoldenRecord, link_id: int) -> dict[str, Any]:
    trial = GoldenRecord(**{part.attname: getattr(golden, part.attname) for part in golden._meta.concrete_fields})
    list(recompute([trial], opened=(), ended={link_id}, records={}))
    return codec.golden_values(trial)
