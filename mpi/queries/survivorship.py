"""Versions of the survivorship rules, what each says in words, and how far the golden records follow the active one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.survivorship import DEFAULT_RULES, SurvivorshipRules
from mpi.errors import NotFound
from mpi.models import RulesStatus, SourceSystem, SurvivorshipActivation, SurvivorshipPreview, SurvivorshipVersion
from mpi.queries.person import LABELS

FIRST_RULES = DEFAULT_RULES.version
"""By these were golden records made that name none: they are of the time before there were versions."""
CRITERION_WORDS = {
    "verified": "checked against a document",
    "agreement": "told by most sources",
    "source_rank": "the most trusted source",
    "recency": "the newest record",
    "completeness": "the most complete",
}


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field: its criteria in words, the first asked first; `differs` where the version compared with says else."""

    field: str
    label: str
    criteria: tuple[str, ...]
    differs: bool


def versions() -> Sequence[SurvivorshipVersion]:
    """All of them, the active one first, then the newest. One query."""
    rows = list(SurvivorshipVersion.objects.order_by("-pk"))
    return sorted(rows, key=lambda row: row.status != RulesStatus.ACTIVE)


def active_version() -> SurvivorshipVersion | None:
    """The one that is followed now. One query."""
    return SurvivorshipVersion.objects.filter(status=RulesStatus.ACTIVE).first()


def version(name: str) -> SurvivorshipVersion:
    """The version of this name. Raises NotFound."""
    found = SurvivorshipVersion.objects.filter(name=name).first()
    if found is None:
        raise NotFound("There are no survivorship rules of this name.")
    return found


def activations(version_id: int | None = None) -> Sequence[SurvivorshipActivation]:
    """Which rules became active when, the newest first. One query."""
    rows = SurvivorshipActivation.objects.select_related("version", "previous").order_by("-pk")
    return list(rows if version_id is None else rows.filter(version=version_id))


def field_rules(row: SurvivorshipVersion, other: SurvivorshipVersion | None = None) -> tuple[FieldRule, ...]:
    """What a version says, field by field, beside another one."""
    rules = SurvivorshipRules.from_document(row.document)
    before = SurvivorshipRules.from_document(other.document) if other is not None else rules
    return tuple(
        FieldRule(
            field,
            LABELS[field][0],
            tuple(CRITERION_WORDS[criterion] for criterion in criteria),
            differs=criteria != before.criteria_of(field),
        )
        for field, criteria in rules.fields
    )


@dataclass(frozen=True, slots=True)
class SystemRank:
    """How far a source system is trusted under a version, 1 most."""

    system: SourceSystem
    rank: int
    differs: bool


def ranks(row: SurvivorshipVersion | None, other: SurvivorshipVersion | None = None) -> tuple[SystemRank, ...]:
    """Every source system with its rank under a version beside another one, the most trusted first. One query."""
    own, others = (dict[str, int](one.document.get("ranks", {}) if one else {}) for one in (row, other or row))
    found = [
        SystemRank(
            system,
            own.get(system.code, system.rank),
            differs=own.get(system.code, system.rank) != others.get(system.code, system.rank),
        )
        for system in SourceSystem.objects.all()
    ]
    return tuple(sorted(found, key=lambda one: (one.rank, one.system.code)))


def latest_preview(row: SurvivorshipVersion) -> SurvivorshipPreview | None:
    """The newest preview of a version, finished or not. One query."""
    return SurvivorshipPreview.objects.filter(version=row).select_related("version", "against").order_by("-pk").first()


def finished_preview(row: SurvivorshipVersion, active: SurvivorshipVersion | None) -> SurvivorshipPreview | None:
    """The newest one that compared a version with the active one, to the end. One query."""
    found = SurvivorshipPreview.objects.filter(version=row, against=active, finished_at__isnull=False, error="")
    return found.order_by("-pk").first()


def changed_fields(preview: SurvivorshipPreview) -> tuple[tuple[str, str, str, int], ...]:
    """Of how many golden records each field would be another: (field, label, shape, count), in page order. No query."""
    return tuple((name, *LABELS[name], preview.fields[name]) for name in LABELS if preview.fields.get(name))
