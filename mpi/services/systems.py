"""Register a source system with its assigning authority."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import AssigningAuthority, SourceSystem

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
LOWEST_RANK = 100


def register_system(
    *, code: str, actor: Actor, name: str = "", rank: int = LOWEST_RANK, time_zone: str = "UTC", oid: str = ""
) -> SourceSystem:
    """Register a source system, or bring name, rank and zone of a known one up to date. Raises InvalidInput.

    Its assigning authority gets the same namespace. Call inside or outside a transaction.
    """
    _check(code, rank, time_zone)
    with transaction.atomic():
        authority, _ = AssigningAuthority.objects.get_or_create(
            namespace=code, defaults={"oid": oid, "name": name or code}
        )
        system, created = SourceSystem.objects.update_or_create(
            code=code,
            defaults={"name": name or code, "rank": rank, "time_zone": time_zone},
            create_defaults={
                "name": name or code,
                "rank": rank,
                "time_zone": time_zone,
                "authority": authority,
                "registered_at": timezone.now(),
            },
        )
        detail = {"rank": rank, "time_zone": time_zone, "created": created}
        record(entry_by(actor, Action.SYSTEM_REGISTERED, subject=("source_system", code), detail=detail))
    return system


def _check(code: str, rank: int, time_zone: str) -> None:
    flaws = []
    if not _CODE.fullmatch(code):
        flaws.append(Flaw("code", "is not a code", "use 1 to 32 letters, digits, “_”, “.” or “-”"))
    if not 1 <= rank <= 32_767:
        flaws.append(Flaw("rank", "is out of range", "use 1 (trusted most) to 32767"))
    if time_zone not in available_timezones():
        flaws.append(Flaw("time_zone", "is not a known zone", "use a name such as America/New_York"))
    if flaws:
        raise InvalidInput("The source system cannot be registered; nothing was changed.", flaws=flaws)
