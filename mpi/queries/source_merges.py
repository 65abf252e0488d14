"""Where a number leads that its source has merged into another one: to the record that goes on, for ever."""

from __future__ import annotations

from collections.abc import Collection

from mpi.models import RecordState, SourceMerge, SourceRecord


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
