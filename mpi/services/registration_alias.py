"""Patients whom nobody knows: a name and a number from a pool at once, so that care goes on.

Two such names never sound alike: a word of the spelling alphabet of ICAO and a word beside it. The family name is one
that the matching takes for no name (`matching/data/placeholders.txt`), so an alias is evidence of nobody.
"""

from __future__ import annotations

from uuid import UUID

from audit.actions import Action
from audit.record import entry_by, record
from matching.records import Name, PatientRecord
from mpi.access import Permission, require
from mpi.commands import Actor, system_actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import AliasName, Registration, RegistrationKind
from mpi.services.locking import TryAgain, run_act, transaction_time
from mpi.services.registration import carry_out
from mpi.services.registration_begin import (
    SUBJECT,
    Begun,
    Wanted,
    begin_locked,
    begun_before,
    number_for,
    registration_system,
)
from mpi.services.sequences import reserve_ids
from mpi.services.upsert import UpsertResult

ALIAS_FAMILY_NAME = "Trauma"
RUNS_LOW = 5
KEPT_FREE = 20
"""The pool is filled up to this many when it runs low: nobody waits for a supervisor in an emergency."""
MOST_ALLOTTED = 500
_FIRST = (
    "Alfa", "Hotel", "Oscar", "Victor", "Charlie", "Juliett", "Quebec", "Xray", "Echo", "Lima", "Sierra", "Zulu",
    "Golf", "November", "Uniform", "Bravo", "India", "Papa", "Whiskey", "Delta", "Kilo", "Romeo", "Yankee", "Foxtrot",
    "Mike", "Tango",
)  # fmt: skip
_SECOND = (
    "Amber", "Cedar", "Granite", "Harbor", "Ivory", "Juniper", "Lantern", "Meadow", "Nickel", "Orchid", "Pepper",
    "Quartz", "River", "Saffron", "Thunder", "Umber", "Velvet", "Willow", "Yarrow", "Zephyr",
)  # fmt: skip


def alias_given_name(place: int) -> str:
    """The name at a place (0, 1, …) of the pool; after 520 of them a number makes them others."""
    turn, within = divmod(place, len(_FIRST) * len(_SECOND))
    first, step = within % len(_FIRST), within // len(_FIRST)
    words = f"{_FIRST[first]} {_SECOND[(step + within) % len(_SECOND)]}"
    return f"{words} {turn + 1}" if turn else words


def allot_aliases(*, count: int, actor: Actor) -> list[AliasName]:
    """Set names and numbers aside, for wristbands and forms printed before. Raises Forbidden, InvalidInput, Busy."""
    require(actor, Permission.SUPERVISE)
    if not 1 <= count <= MOST_ALLOTTED:
        raise InvalidInput(
            "Nothing was set aside.", flaws=[Flaw("count", "is out of range", f"use 1 to {MOST_ALLOTTED}")]
        )
    return run_act(lambda: _allot(count, actor))


def _allot(count: int, actor: Actor) -> list[AliasName]:
    """Call inside a transaction; two who fill the pool at once would race to the same names and try again."""
    now, keys = transaction_time(), reserve_ids(AliasName, count)
    begins = AliasName.objects.count()
    rows = [
        AliasName(
            pk=key,
            family_name=ALIAS_FAMILY_NAME,
            given_name=alias_given_name(begins + place),
            number=number_for("T", key),
            allotted_at=now,
            allotted_by=actor.name,
        )
        for place, key in enumerate(keys)
    ]
    AliasName.objects.bulk_create(rows)
    record(entry_by(actor, Action.ALIASES_ALLOTTED, subject=("alias_pool", ALIAS_FAMILY_NAME), detail={"count": count}))
    return rows


def register_alias(
    *, token: UUID, sex: str = "", facility: str = "", actor: Actor
) -> tuple[Registration, UpsertResult]:
    """Register a patient whom nobody knows, under the next free name. Sent twice it registers once.

    No age is told: a guess would be taken for a birth date. Raises Forbidden, IdempotencyConflict, Busy, ServiceDown;
    after the last two nothing is lost: send the form again.
    """
    require(actor, Permission.REGISTER)
    code = registration_system().code

    def act() -> list[Begun]:
        before = begun_before(token)
        alias = AliasName.objects.get(registration=before[0]) if before else _next_free()
        return begin_locked(token, [_wanted(alias, sex, facility)], code, actor)

    ((begun, result),) = carry_out(run_act(act), actor=actor)
    return begun, result


def _next_free() -> AliasName:
    """The next free name, locked. Raises TryAgain where others have just taken all of them."""
    free = AliasName.objects.filter(registration__isnull=True)
    if (left := free.count()) < RUNS_LOW:
        _allot(KEPT_FREE - left, system_actor(SUBJECT))
    found = free.select_for_update(skip_locked=True).order_by("pk").first()
    if found is None:
        raise TryAgain
    return found


def _wanted(alias: AliasName, sex: str, facility: str) -> Wanted:
    name = Name(family=alias.family_name, given=alias.given_name, use="anonymous")
    told = PatientRecord(source_system="", mrn="", names=(name,), sex=sex, facility=facility)
    return Wanted(RegistrationKind.ALIAS, told, settled=False, alias=alias)
