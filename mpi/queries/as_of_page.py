"""What the page of a past instant shows: values and members of then, each set against the present."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpi import codec
from mpi.models import GoldenRecord, Link
from mpi.queries.as_of import MemberThen
from mpi.queries.person import LABELS, GoldenField, fields_of


@dataclass(frozen=True, slots=True)
class FieldThen:
    """One golden field: what it was then with its provenance, and what it is now."""

    then: GoldenField
    now: Any
    differs: bool


@dataclass(frozen=True, slots=True)
class MemberSince:
    """A source record that was a member then, or is one now; `standing` says which, in words."""

    record: Any
    link: Link
    standing: str


def fields_then(row: Any, golden: GoldenRecord, members: Sequence[MemberThen]) -> tuple[FieldThen, ...]:
    """The values of a version beside those of the golden record now. Fields that neither knows are left out."""
    told = {field.key: field for field in fields_of(row, {member.record.id: member.record for member in members})}
    now = codec.golden_values(golden)
    missing = _unknown([key for key in now if key not in told])
    fields = [FieldThen(field, now.get(key), (now.get(key) or None) != field.value) for key, field in told.items()]
    fields += [FieldThen(field, now[field.key], True) for field in missing]
    return tuple(field for field in fields if field.then.value or field.now)


def _unknown(keys: Sequence[str]) -> list[GoldenField]:
    """Fields that are known now and were not then."""
    shapes: Mapping[str, tuple[str, str]] = LABELS
    return [
        GoldenField(key, *shapes.get(key, (key, "text")), None, "", None, "", agreeing=0, reason="", losing=())
        for key in keys
    ]


def members_since(then: Sequence[MemberThen], now: Sequence[Link]) -> tuple[MemberSince, ...]:
    """Members of then in their order, told apart by whether they still are; then those that came since."""
    present = {link.source_record_id: link for link in now}
    found = []
    for member in then:
        link = present.pop(member.record.id, None)
        if link is None:
            standing = "has left since"
        elif link.source_record.version != member.record.version:
            standing = "told anew since"
        else:
            standing = "the same now"
        found.append(MemberSince(member.record, member.link, standing))
    return (*found, *(MemberSince(link.source_record, link, "came since") for link in present.values()))
