"""A golden record, its members and its values as they were recorded at a past instant.

Golden and source records are read from their history rows, members from the links: those opened at or before the
instant and not ended by then. "As of" means recorded time (DESIGN §4): what the index itself held then, not what was
true of the patient. A change counts from its `recorded_at` on, which is taken once the locks are held; it can be read
when its transaction has committed, a moment later, or, for a bulk load, at the end of the load.

Of several history rows that count, the newest is the one of the highest version: versions of a golden record are
numbered under its row lock. Keys of history rows, and times of several rows of one transaction, say less.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.models import GoldenRecord, GoldenStatus, Link, SourceRecord

_RELATED = ("supporting_record__source_system", "model_version", "decision")


@dataclass(frozen=True, slots=True)
class MemberThen:
    """A source record of a golden record as it was told then (`record`, a history row), and the link that held it."""

    record: Any
    link: Link


def check_instant(instant: datetime) -> None:
    """Raise InvalidInput for an instant that has not come yet, by the clock of the database. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    if instant > now:
        flaw = Flaw("as_of", "lies in the future", "ask for an instant that has passed; for the present leave it out")
        raise InvalidInput("What will be cannot be read.", flaws=[flaw])


def golden_then(golden_id: int, instant: datetime) -> Any:
    """The history row of a golden record that stood at an instant: all attributes of a GoldenRecord. One query.

    Raises NotFound where the golden record did not exist yet.
    """
    versions = GoldenRecord.history.filter(id=golden_id, history_date__lte=instant)
    found = versions.order_by("-version", "-history_id").first()
    if found is None:
        raise NotFound("At that instant this golden record did not exist yet.", flaws=[_too_early(golden_id)])
    return found


def _too_early(golden_id: int) -> Flaw:
    first = GoldenRecord.objects.values_list("created_at", flat=True).get(pk=golden_id)
    since = first.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Flaw("as_of", "lies before the golden record was made", f"ask for {since} or later")


def survivor_then(row: Any, instant: datetime) -> tuple[Any, tuple[str, ...]]:
    """Follow merges as they stood then. Returns the row that carried on, and the EUIDs passed on the way.

    Cost: one query a step.
    """
    passed: list[str] = []
    while row.status == GoldenStatus.MERGED:
        passed.append(row.euid)
        row = golden_then(row.merged_into_id, instant)
    return row, tuple(passed)


def members_then(golden_id: int, instant: datetime, *, after: int = 0, size: int | None = None) -> list[MemberThen]:
    """The members of a golden record at an instant by ascending key of their links, from the key `after` on.

    Two queries. With `size`, one more than that is read, for a page to know whether another follows.
    """
    links = links_then(instant).filter(golden_record_id=golden_id, pk__gt=after).select_related(*_RELATED)
    links = links.defer("decision__evidence", "model_version__document").order_by("pk")
    found = list(links if size is None else links[: size + 1])
    records = records_then([link.source_record_id for link in found], instant)
    return [MemberThen(records[link.source_record_id], link) for link in found]


def links_then(instant: datetime) -> Any:
    """All links that were open at an instant. One that was opened and ended in the same transaction never was."""
    return Link.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=instant), opened_at__lte=instant)


def losing_records(record_ids: Collection[int], instant: datetime | None) -> dict[int, Any]:
    """The records whose values have not survived, by key: as they stand, or stood at an instant. One query, or none."""
    if not record_ids:
        return {}
    if instant is not None:
        return records_then(sorted(record_ids), instant)
    return SourceRecord.objects.select_related("source_system").in_bulk(record_ids)


def records_then(record_ids: Sequence[int], instant: datetime) -> dict[int, Any]:
    """History rows of source records that stood at an instant, with their systems, by key. One query.

    A version is not always a new number: that an overlay was decided changes the state alone.
    """
    versions = SourceRecord.history.filter(id__in=record_ids, history_date__lte=instant)
    newest = versions.order_by("id", "-version", "-history_date", "-history_id").distinct("id")
    return {row.id: row for row in newest.select_related("source_system__authority")}
