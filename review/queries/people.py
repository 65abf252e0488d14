"""One side of a task: its survived values as text, where they come from, and its source records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from matching.records import Address, Name, PatientRecord
from mpi import codec
from mpi.models import GoldenRecord, Link, SourceRecord
from mpi.queries.person import LABELS, Banner, GoldenField, banner, fields, members, origin_words
from review.comparison import Origin, Other, Side

_SHORTEST_PHONE = 10
"""Digits of a whole national number (NANP); anything shorter stays as told."""


@dataclass(frozen=True, slots=True)
class Member:
    """One source record of a side, as told. `best`: it is the one the evidence speaks of."""

    record_id: int
    system: str
    system_code: str
    mrn: str
    name: Name | None
    birth_date: str
    address: Address | None
    state: str
    recorded_at: datetime
    linked: str
    best: bool


@dataclass(frozen=True, slots=True)
class SideView:
    """A side as the page shows it: heading, values, source records."""

    golden_id: int
    version: int
    banner: Banner
    side: Side
    members: tuple[Member, ...]
    systems: tuple[str, ...]
    records: tuple[SourceRecord, ...] = field(repr=False)


def side_view(golden: GoldenRecord, *, best_record_id: int, before: datetime | None = None) -> SideView:
    """A side as it is, or as it was just before a time (an answered task). One query, two for the past."""
    golden_id = golden.pk
    if before is None:
        links = members(golden)
    else:
        golden, links = _version_before(golden, before), _members_before(golden, before)
    return SideView(
        golden_id=golden_id,
        version=golden.version,
        banner=banner(golden, links),
        side=_side(golden, links),
        members=tuple(_member(link, best_record_id) for link in links),
        systems=tuple(dict.fromkeys(link.source_record.source_system.name for link in links)),
        records=tuple(link.source_record for link in links),
    )


def _version_before(golden: GoldenRecord, before: datetime) -> Any:
    """The last version recorded before a time, as a history row with the same fields; the present one without any."""
    versions = GoldenRecord.history.filter(id=golden.pk, recorded_at__lt=before)
    return versions.order_by("-history_id").first() or golden


def _members_before(golden: GoldenRecord, before: datetime) -> list[Link]:
    stood = Q(ended_at__isnull=True) | Q(ended_at__gte=before)
    links = Link.objects.filter(stood, golden_record=golden, opened_at__lt=before)
    return list(
        links.select_related("source_record__source_system").order_by(
            "source_record__source_system__rank", "source_record_id"
        )
    )


def ssn_record(golden: GoldenRecord) -> int | None:
    """The source record whose SSN survived; None where none did, or where a steward set it. No query."""
    found: int | None = (golden.provenance.get("ssn") or {}).get("record_id")
    return found if golden.values.get("ssn") else None


def golden_texts(golden: Any) -> dict[str, str]:
    """The survived values of a golden record, or of a version of one, as text; protected numbers masked. No query."""
    values = codec.golden_values(golden)
    shapes = {key: LABELS.get(key, ("", "text"))[1] for key in values}
    return {key: plain_number(value_text(value), shapes[key]) for key, value in values.items() if value}


def _side(golden: GoldenRecord, links: Sequence[Link]) -> Side:
    found = [one for one in fields(golden, links) if one.value]
    return Side(
        values={one.key: plain_number(value_text(one.value), one.shape) for one in found},
        origins={one.key: _origin(one, len(links)) for one in found if one.source},
    )


def _origin(one: GoldenField, members_count: int) -> Origin:
    others = [Other(value_text(loser.value), loser.source) for loser in one.losing if loser.value]
    return Origin(
        source=one.source,
        agreeing=one.agreeing,
        of=members_count,
        others=tuple(dict.fromkeys(others)),
        record_id=one.record_id,
    )


def plain_number(value: str, shape: str) -> str:
    """A telephone number as its digits, so that two ways of writing one are no difference."""
    digits = "".join(char for char in value if char.isdigit())
    if shape != "phone" or len(digits) < _SHORTEST_PHONE:
        return value
    return digits[1:] if len(digits) == _SHORTEST_PHONE + 1 and digits.startswith("1") else digits


def value_text(value: Any) -> str:
    """A survived value as one line; the lines of an address joined."""
    if not isinstance(value, Mapping):
        return str(value or "")
    street = ", ".join(str(value.get("street") or "").splitlines())
    place = " ".join(str(value[part]) for part in ("state", "postal_code") if value.get(part))
    return ", ".join(part for part in (street, str(value.get("city") or ""), place) if part)


def _member(link: Link, best_record_id: int) -> Member:
    record = link.source_record
    told: PatientRecord = codec.masked_told(record)
    return Member(
        record_id=record.pk,
        system=record.source_system.name,
        system_code=record.source_system.code,
        mrn=record.mrn,
        name=told.names[0] if told.names else None,
        birth_date=told.birth_date,
        address=told.addresses[0] if told.addresses else None,
        state=record.state,
        recorded_at=record.recorded_at,
        linked=origin_words(link),
        best=record.pk == best_record_id,
    )
