"""Under which EUIDs a person stands in the audit log: its own and all that merges connect it with."""

from __future__ import annotations

from django.db.models import Q

from mpi.models import GoldenRecord


def every_euid(euid: str) -> tuple[str, ...]:
    """All EUIDs connected by merges, upwards and downwards, the asked one first. One query a generation."""
    found: dict[int, str] = dict(GoldenRecord.objects.filter(euid=euid).values_list("pk", "euid"))
    new = set(found)
    while new:
        near = GoldenRecord.objects.filter(Q(merged_into__in=new) | Q(merged_from__in=new)).values_list("pk", "euid")
        fresh = {pk: other for pk, other in near if pk not in found}
        found |= fresh
        new = set(fresh)
    return tuple(dict.fromkeys((euid, *found.values())))
