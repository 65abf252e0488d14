"""The snapshot for the look-up during downtime: one picture of the index, sealed, read back, and written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.record import entry_by, record
from audit.uuid7 import uuid7
from mpi import access, codec, vault
from mpi.access import Permission, require
from mpi.commands import Actor, system_actor
from mpi.database.picture import one_picture
from mpi.downtime.book import PART, open_book, packed, ssn_key
from mpi.downtime.keys import downtime_keys
from mpi.downtime.sealed import write_sealed
from mpi.errors import InvalidInput
from mpi.models import (
    LIVE_STATUSES,
    DowntimeSnapshot,
    GoldenRecord,
    Link,
    PotentialMatch,
    PotentialMatchStatus,
    SourceSystem,
    User,
)
from mpi.queries.person import banner
from mpi.services.registration_begin import number_for
from mpi.services.sequences import reserve_ids

_CHUNK = 1_000
KEPT = 7
"""Nightly snapshots that are kept."""
_MOST_NUMBERS = 1_000
_LETTER = "D"
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A snapshot that was sealed and verified."""

    path: Path
    snapshot: DowntimeSnapshot


def seal_snapshot(out: Path, *, actor: Actor, numbers: int | None = None, advance: Advance = lambda _: None) -> Sealed:
    """Write all live persons to `out`, encrypted, with temporary numbers set aside; read it back; audited.

    Raises Forbidden, InvalidInput (the file cannot be written; too many numbers). Reads one picture of the index while
    it is in use. Cost: some 150 µs a person.
    """
    require(actor, Permission.EXPORT)
    wanted = settings.MPI_DOWNTIME_NUMBERS if numbers is None else numbers
    if not 0 <= wanted <= _MOST_NUMBERS:
        raise InvalidInput(f"A snapshot has at most {_MOST_NUMBERS:,} temporary numbers.")
    (key,) = reserve_ids(DowntimeSnapshot, 1)
    keys = downtime_keys()
    row = DowntimeSnapshot(
        pk=key,
        uuid=uuid7(),
        key_name=keys.active,
        numbers=wanted,
        actor_id=actor.id,
        recorded_at=timezone.now(),
    )
    header = {"kind": "snapshot", "uuid": str(row.uuid), "created_at": row.recorded_at.isoformat()}
    with one_picture():
        row.sha256 = write_sealed(out, header, _parts(row, keys, advance), keys)
    row.persons = open_book(out).count
    with transaction.atomic(durable=True):
        row.save(force_insert=True)
        detail = {"persons": row.persons, "numbers": wanted, "key": keys.active, "sha256": row.sha256}
        subject = ("downtime_snapshot", str(row.uuid))
        record(entry_by(actor, Action.EXPORT_DOWNTIME, subject=subject, detail=detail))
    return Sealed(out, row)


def nightly_snapshot() -> Sealed:
    """Seal a snapshot in the folder for them, and let the oldest go. Raises as `seal_snapshot`."""
    folder = Path(settings.MPI_DOWNTIME_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sealed = seal_snapshot(folder / f"snapshot-{timezone.now():%Y%m%d-%H%M%S}.mpi", actor=system_actor("downtime"))
    for old in sorted(folder.glob("snapshot-*.mpi"))[:-KEPT]:
        old.unlink()
    return sealed


def _parts(row: DowntimeSnapshot, keys: vault.Keys, advance: Advance) -> Iterator[bytes]:
    """The manifest, then persons by the hundred; the last part says how many there are."""
    yield packed(
        {
            "uuid": str(row.uuid),
            "created_at": row.recorded_at.isoformat(),
            "users": list(_users()),
            "numbers": [number_for(_LETTER, row.pk * _MOST_NUMBERS + place) for place in range(row.numbers)],
            "systems": list(SourceSystem.objects.values_list("code", "name")),
        }
    )
    total, last = 0, 0
    while True:
        live = GoldenRecord.objects.filter(status__in=LIVE_STATUSES, pk__gt=last).order_by("pk")
        persons = list(live[:_CHUNK])
        total += len(persons)
        told = _told(persons, keys)
        for first in range(0, len(told), PART):
            yield packed({"persons": told[first : first + PART]})
        advance(len(persons))
        if len(persons) < _CHUNK:
            yield packed({"persons": [], "total": total})
            return
        last = persons[-1].pk


def _users() -> Iterator[dict[str, object]]:
    """Whoever may look persons up, with the hash of the password."""
    active = User.objects.filter(is_active=True).prefetch_related("groups").order_by("pk")
    for user in active:
        held = frozenset[str]().union(*(access.ROLES.get(group.name, frozenset()) for group in user.groups.all()))
        if Permission.PERSON_READ in held and user.has_usable_password():
            yield {
                "username": user.get_username(),
                "name": str(user),
                "password": user.password,
                "may_register": Permission.REGISTER in held,
            }


def _told(persons: list[GoldenRecord], keys: vault.Keys) -> list[dict[str, Any]]:
    """What the look-up shows of these persons and finds them by. Four queries."""
    ids = [golden.pk for golden in persons]
    links: dict[int, list[Link]] = defaultdict(list)
    standing = Link.objects.filter(golden_record__in=ids, ended_at__isnull=True)
    for link in standing.select_related("source_record__source_system").order_by("source_record_id"):
        links[link.golden_record_id].append(link)
    merged: dict[int, list[str]] = defaultdict(list)
    for into, euid in GoldenRecord.objects.filter(merged_into__in=ids).values_list("merged_into", "euid"):
        if into is not None:
            merged[into].append(euid)
    asked: dict[int, list[str]] = defaultdict(list)
    matches = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN, golden_a__in=ids)
    for one, euid in matches.values_list("golden_a", "golden_b__euid"):
        asked[one].append(euid)
    matches = PotentialMatch.objects.filter(status=PotentialMatchStatus.OPEN, golden_b__in=ids)
    for one, euid in matches.values_list("golden_b", "golden_a__euid"):
        asked[one].append(euid)
    return [_person(golden, links[golden.pk], keys, merged[golden.pk], asked[golden.pk]) for golden in persons]


def _person(
    golden: GoldenRecord, links: list[Link], keys: vault.Keys, merged: list[str], asked: list[str]
) -> dict[str, Any]:
    shown = banner(golden, links)
    former = [{"use": one.use_words, "name": one.name} for one in shown.former_names]
    names = {(golden.family_name, golden.given_name)} | {_searched(one.name) for one in shown.former_names}
    return {
        "euid": golden.euid,
        "status": golden.status,
        "name": dict(shown.name),
        "former": former,
        "birth_date": golden.birth_date,
        "sex": shown.sex,
        "deceased_date": shown.deceased_date,
        "values": codec.golden_values(golden),
        "numbers": [(link.source_record.source_system.code, link.source_record.mrn) for link in links],
        "merged": merged,
        "asked": asked,
        "search": sorted(names),
        "ssn": sorted({ssn_key(ssn, keys) for ssn in map(_ssn, links) if len(ssn) == 9}),
    }


def _searched(name: object) -> tuple[str, str]:
    told: Mapping[str, Any] = name if isinstance(name, Mapping) else {}
    return codec.search_name(str(told.get("family", ""))), codec.search_name(str(told.get("given", "")))


def _ssn(link: Link) -> str:
    return codec.decrypt_ssn(link.source_record.ssn_cipher, link.source_record.uuid)
