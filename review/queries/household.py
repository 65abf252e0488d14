"""Other persons at the address or telephone of a task: what twins, spouses and parents look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.blocking import blocking_keys
from matching.records import StandardRecord
from mpi import codec, vault
from mpi.models import BlockingKey, Link, SourceRecord
from mpi.queries.person import Banner, banner

_RULES = frozenset({"house_family", "phone", "address_initial"})
_LOOKED_AT = 80
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A golden record beside the two of the task, and what it shares with them."""

    banner: Banner
    shares: str


def household(records: Sequence[SourceRecord], *, besides: Sequence[int]) -> tuple[Neighbour, ...]:
    """Golden records other than `besides` that share an address or a telephone with one of the records.

    One query through the blocking keys, so that its cost does not grow with the index; it finds people of like
    family name or first initial at the address, and whoever shares a telephone. At most eight are returned.
    """
    own = [codec.standard_from_document(record.standard, "") for record in records]
    keys = {key for standard in own for key in blocking_keys(standard) if key.rule in _RULES}
    hashes = [vault.blocking_hash(key.rule, key.value) for key in keys]
    near = BlockingKey.objects.filter(key__in=hashes).values("source_record_id")[:_LOOKED_AT]
    links = (
        Link.objects.filter(ended_at__isnull=True, source_record_id__in=near)
        .exclude(golden_record_id__in=besides)
        .select_related("golden_record", "source_record")
        .order_by("golden_record_id", "pk")
    )
    found: dict[int, Neighbour] = {}
    for link in links:
        shares = _shared(codec.standard_from_document(link.source_record.standard, ""), own)
        if shares and link.golden_record_id not in found:
            found[link.golden_record_id] = Neighbour(banner(link.golden_record), shares)
    return tuple(found.values())[:_SHOWN]


def _shared(other: StandardRecord, own: Sequence[StandardRecord]) -> str:
    """In words what the record shares with the task's records, "" for nothing."""
    places = {(place.street, place.zip5) for record in own for place in record.addresses if place.street}
    phones = {phone for record in own for phone in record.phones}
    address = any((place.street, place.zip5) in places for place in other.addresses)
    telephone = any(phone in phones for phone in other.phones)
    return " and ".join(word for word, is_so in (("same address", address), ("same telephone", telephone)) if is_so)
