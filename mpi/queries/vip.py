"""Whom a supervisor marked as VIP. A mark counts for whoever its golden record was merged into."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from mpi.models import VipMark

# From the golden records asked about down to all that were merged into them.
_MARKS = """
WITH RECURSIVE merged(id, root) AS (
  SELECT g.id, g.id FROM mpi_golden_record g WHERE g.id = ANY(%s)
  UNION ALL
  SELECT g.id, merged.root FROM mpi_golden_record g JOIN merged ON g.merged_into_id = merged.id
)
SELECT merged.root, v.id FROM merged JOIN mpi_vip_mark v ON v.golden_record_id = merged.id
WHERE v.lifted_at IS NULL OR (v.lifted_by_id = %s AND v.lifted_at > now() - make_interval(days => %s))
ORDER BY v.id
"""


@dataclass(frozen=True, slots=True)
class Vip:
    """Why a person is marked, by whom and since when; `euid` is the golden record that bears the mark."""

    euid: str
    reason: str
    marked_by: str
    marked_at: datetime


def vip_ids(golden_ids: Collection[int], *, lifted_by: str = "") -> frozenset[int]:
    """Those of the golden records that are marked, themselves or by what was merged into them. One query.

    A mark that the user `lifted_by` has lifted within `settings.OLD_MERGE_DAYS` counts among them.
    """
    return frozenset(root for root, _ in _marks(golden_ids, lifted_by=lifted_by))


def vip_marks(golden_id: int) -> tuple[Vip, ...]:
    """The standing marks of a person, the oldest first. Two queries, one where there are none."""
    ids = [mark_id for _, mark_id in _marks([golden_id])]
    rows = VipMark.objects.filter(pk__in=ids).select_related("golden_record").order_by("pk") if ids else ()
    return tuple(Vip(row.golden_record.euid, row.reason, row.marked_by_name, row.marked_at) for row in rows)


def _marks(golden_ids: Collection[int], *, lifted_by: str = "") -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, [list(golden_ids), lifted_by, settings.OLD_MERGE_DAYS])
        return list(cursor.fetchall())
