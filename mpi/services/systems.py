"""Register a source system with its assigning authority."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from matching.survivorship_rules import LAST_RANK
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import AssigningAuthority, SourceSystem

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
LOWEST_RANK = 100
_ZONE = "UTC"


def register_system(
    *, code: str, actor: Actor, name: str = "", rank: int | None = None, time_zone: str = "", oid: str = ""
) -> SourceSystem:
    """Register a source system, or bring name and time zone of a known one up to date. Raises InvalidInput.

    What is not told stays as it is; of a new one the name is its code, the rank LOWEST_RANK, the zone UTC. Its
    assigning authority gets the same namespace. A rank chooses golden values, so that of a known system is changed by
    survivorship rules alone: they are previewed, approved, and followed by all golden records. Call inside or outside
    a transaction.
    """
    _check(code, LOWEST_RANK if rank is None else rank, time_zone or _ZONE)
    with transaction.atomic():
        authority, _ = AssigningAuthority.objects.get_or_create(
            namespace=code, defaults={"oid": oid, "name": name or code}
        )
        system, created = SourceSystem.objects.get_or_create(
            code=code,
            defaults={
                "name": name or code,
                "rank": LOWEST_RANK if rank is None else rank,
                "time_zone": time_zone or _ZONE,
                "authority": authority,
                "registered_at": timezone.now(),
            },
        )
        if rank not in (None, system.rank):
            flaw = Flaw("rank", f"is {system.rank} since its registration", "draft survivorship rules that rank it")
            raise InvalidInput(
                f"The rank of {code} is changed by survivorship rules; nothing was changed.", flaws=[flaw]
            )
        system.name, system.time_zone = name or system.name, time_zone or system.time_zone
        system.save(update_fields=["name", "time_zone"])
        detail = {"rank": system.rank, "time_zone": system.time_zone, "created": created}
        record(entry_by(actor, Action.SYSTEM_REGISTERED, subject=("source_system", code), detail=detail))
    return system


@cache
def _time_zones() -> set[str]:
    """As this machine knows them: hundreds of small files, read once."""
    return available_timezones()


def _check(code: str, rank: int, time_zone: str) -> None:
    flaws = []
    if not _CODE.fullmatch(code):
        flaws.append(Flaw("code", "is not a code", "use 1 to 32 letters, digits, “_”, “.” or “-”"))
    if not 1 <= rank <= LAST_RANK:
        flaws.append(Flaw("rank", "is out of range", f"use 1 (trusted most) to {LAST_RANK}"))
    if time_zone not in _time_zones():
        flaws.append(Flaw("time_zone", "is not a known zone", "use a name such as America/New_York"))
    if flaws:
        raise InvalidInput("The source system cannot be registered; nothing was changed.", flaws=flaws)
