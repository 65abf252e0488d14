"""What an answer would do, and what changed since a page was made: services' answers turned into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mpi.codec import golden_values
from mpi.commands import Actor
from mpi.errors import AlreadyMerged, Forbidden, InvalidInput
from mpi.models import PotentialMatch, SourceRecord
from mpi.queries.person import LABELS, Banner, banner
from mpi.queries.source_record_versions import Pair, versions
from mpi.services.match import match
from mpi.services.merge import preview_merge
from mpi.services.waiting_update import WaitingUpdate
from review.basis import Difference
from review.errors import EvidenceChanged
from review.queries.people import value_text
from review.queries.task import record_names

_LOOKALIKES = 3


@dataclass(frozen=True, slots=True)
class GoldenChange:
    """A golden value of the survivor that would become another; `shape` says how it is written."""

    label: str
    shape: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """If they are one person. `refused` says in words why it could not be, "" when it could.

    `redirected` are the EUIDs that would lead to the survivor, `moved` the numbers of sources that change hands.
    """

    survivor: str = ""
    retired: str = ""
    redirected: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    changes: tuple[GoldenChange, ...] = ()
    members: int = 0
    closes: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that is not as it was shown, with the values where a source record changed."""

    what: str
    fields: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Another golden record that an update fits, and how well."""

    banner: Banner
    probability: float


def preview(question: PotentialMatch, numbers: Mapping[int, tuple[str, ...]], actor: Actor) -> Preview:
    """What “same person” would do: the older golden record stays. `numbers` are those of each golden record."""
    older, newer = sorted((question.golden_a, question.golden_b), key=lambda golden: golden.pk)
    try:
        found = preview_merge(survivor_euid=older.euid, retired_euid=newer.euid, actor=actor)
    except (AlreadyMerged, Forbidden) as refusal:
        return Preview(refused=refusal.detail)
    if found.separated:
        return Preview(refused="A steward decided that records of these two are different people. Lift that first.")
    before = golden_values(older)
    changes = tuple(
        GoldenChange(label, shape, value_text(before.get(key)), value_text(found.values.get(key)))
        for key, (label, shape) in LABELS.items()
        if value_text(before.get(key)) != value_text(found.values.get(key))
    )
    return Preview(
        survivor=older.euid,
        retired=newer.euid,
        redirected=found.redirected,
        moved=numbers.get(newer.pk, ()),
        changes=changes,
        members=older.member_count + newer.member_count,
        closes=found.potential_matches_closed,
    )


def looks_like(update: WaitingUpdate, *, besides: Banner | None, actor: Actor) -> tuple[Lookalike, ...]:
    """Other persons that the update fits, likeliest first, at most three. Audited as a match request."""
    try:
        found = match(record=update.told, actor=actor, limit=_LOOKALIKES + 1)
    except (Forbidden, InvalidInput):
        return ()  # no permission to match, or an update that tells too little to search by
    own = besides.euid if besides else ""
    others = (Lookalike(banner(one.golden), one.probability) for one in found if one.golden.euid != own)
    return tuple(others)[:_LOOKALIKES]


def changes(refusal: EvidenceChanged) -> tuple[Changed, ...]:
    """What changed since the page was made, records by their number. A few queries for each changed record."""
    difference: Difference = refusal.changed
    names = record_names([*difference.joined, *difference.left])
    found = [Changed(f"{names.get(pk, 'A source record')} joined one of the two sides") for pk in difference.joined]
    found += [Changed(f"{names.get(pk, 'A source record')} left one of the two sides") for pk in difference.left]
    found += [_updated(pk, then) for pk, then, _ in difference.updated]
    found += [Changed(f"One side is another golden record now ({euid})") for euid in difference.replaced]
    if not found:
        found += [Changed(f"Golden record {euid} was changed by an act on it") for euid, _, _ in difference.golden]
    if not found and difference.scored_again:
        found.append(Changed("The engine scored the pair again"))
    return tuple(found)


def _updated(pk: int, then: int) -> Changed:
    record = SourceRecord.objects.select_related("source_system").get(pk=pk)
    later = [version for version in versions(record).rows if version.number > then]
    fields = {field.label: field for version in later for field in version.changes}
    return Changed(f"{record.source_system.name} {record.mrn} sent other data", tuple(fields.values()))
