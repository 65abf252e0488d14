"""Numbers that a source has merged: where each leads, for ever, and what was merged and taken back."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from mpi.models import GoldenRecord, Link, PotentialMatch, PotentialMatchStatus, RecordState, SourceMerge, SourceRecord

_MOST = 25
"""Lines of a list on a page."""


def surviving_record(record: SourceRecord) -> SourceRecord:
    """The record that speaks for this one now: itself unless its source has merged it. One query a step."""
    while record.state == RecordState.SUBSUMED:
        merge = SourceMerge.objects.filter(subsumed=record.pk, ended_at__isnull=True)
        found = merge.select_related("survivor__source_system").first()
        if found is None:
            return record
        record = found.survivor
    return record


def with_survivors(record_ids: Collection[int]) -> set[int]:
    """These records and those that they were merged into. One query a step, one where none was merged."""
    found, fresh = set(record_ids), set(record_ids)
    while fresh:
        merges = SourceMerge.objects.filter(subsumed__in=fresh, ended_at__isnull=True)
        fresh = set(merges.values_list("survivor", flat=True)) - found
        found |= fresh
    return found


def merges_of(record: SourceRecord) -> tuple[SourceMerge, ...]:
    """Every merge that the number had part in, newest first, those taken back too. One query."""
    found = SourceMerge.objects.filter(Q(subsumed=record) | Q(survivor=record))
    related = ("subsumed__source_system", "survivor__source_system", "event", "ended_by_event")
    return tuple(found.select_related(*related).order_by("-pk")[:_MOST])


def numbers_nearby(record: SourceRecord, golden: GoldenRecord | None) -> tuple[Link, ...]:
    """Open links of other records of the same source: of the same person, and of those it may be. One query."""
    if golden is None:
        return ()
    asked = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN)
    found: QuerySet[Link] = Link.objects.filter(
        Q(golden_record=golden)
        | Q(golden_record__in=asked.filter(golden_a=golden).values("golden_b"))
        | Q(golden_record__in=asked.filter(golden_b=golden).values("golden_a")),
        ended_at__isnull=True,
        source_record__source_system=record.source_system_id,
    )
    found = found.exclude(source_record=record).select_related("source_record", "golden_record")
    return tuple(found.order_by("source_record")[:_MOST])
