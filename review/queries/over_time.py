"""Since when each source tells a value, what it told before, and what was survived when the task opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from matching.records import SSN_AUTHORITY, PatientRecord
from mpi import codec
from mpi.models import GoldenRecord, SourceRecord
from review.comparison import Origin, Telling
from review.queries.people import SideView, golden_texts, plain_number, value_text
from review.wording import equal, plain

VERSIONS_READ = 400
"""Versions of all records of a task that are looked through, the newest; more than any person should have."""


Tellings = Mapping[int, Mapping[str, tuple[Telling, ...]]]
"""Source record → golden field → what it told, the newest first."""


def tellings(sources: Mapping[int, str], *, before: datetime | None = None) -> Tellings:
    """What the records `sources` (key → name of the source system) told, of each golden field. One query.

    Times are the source's own where it gave them, else when the index recorded the version. `before` leaves out what
    was told later.
    """
    rows = SourceRecord.history.filter(id__in=sources)
    if before is not None:
        rows = rows.filter(recorded_at__lt=before)
    found: dict[int, dict[str, list[Telling]]] = {pk: {} for pk in sources}
    for row in reversed(rows.order_by("-history_id")[:VERSIONS_READ]):
        _add(found[row.id], row, sources[row.id])
    return {pk: {name: tuple(reversed(told)) for name, told in fields.items()} for pk, fields in found.items()}


def _add(fields: dict[str, list[Telling]], row: Any, source: str) -> None:
    """Go on by one version: a value that stayed is one telling."""
    told, at = codec.masked_told(row), row.effective_at or row.recorded_at
    born = codec.standard_from_document(row.standard, "").birth_date or told.birth_date
    for name, value_of in _VALUES.items():
        value = born if name == "birth_date" else value_of(told)
        runs = fields.setdefault(name, [])
        if runs and runs[-1].until is None:
            if plain(runs[-1].value) == plain(value):
                continue
            runs[-1] = Telling(runs[-1].value, source, runs[-1].since, at)
        if value:
            runs.append(Telling(value, source, at, None))


def values_at(golden_ids: Iterable[int], at: datetime) -> Mapping[int, Mapping[str, str]]:
    """The survived values of golden records as they were at a time, as text; none for one not known then. One query."""
    versions = GoldenRecord.history.filter(id__in=golden_ids, recorded_at__lte=at).order_by("id", "-history_id")
    return {version.id: golden_texts(version) for version in versions.distinct("id")}


def over_time(view: SideView, told: Tellings, then: Mapping[str, str] | None) -> SideView:
    """The side with the dates of its values, their story, and those that were others `then`. No query."""
    side = view.side
    records = [member.record_id for member in view.members if member.record_id in told]
    stories = {
        name: tuple(one for pk in records for one in told[pk].get(name, ()) if len(told[pk][name]) > 1)
        for name in _VALUES
    }
    names = {*side.values, *(then or {})}
    moved = {name for name in names if then is not None and not equal(side.values.get(name, ""), then.get(name, ""))}
    dated = {name: _dated(origin, name, told) for name, origin in side.origins.items()}
    return replace(
        view,
        side=replace(
            side,
            origins=dated,
            then={name: (then or {}).get(name, "") for name in moved},
            past={name: story for name, story in stories.items() if story},
        ),
    )


def _dated(origin: Origin, name: str, told: Tellings) -> Origin:
    """Since when the record that gave a value tells it."""
    runs = told.get(origin.record_id or 0, {}).get(name, ())
    return replace(origin, since=next((one.since for one in runs if one.until is None), None))


def _part(part: str) -> Callable[[PatientRecord], str]:
    def value(told: PatientRecord) -> str:
        return str(getattr(told.names[0], part)) if told.names else ""

    return value


def _telecom(kind: str) -> Callable[[PatientRecord], str]:
    def value(told: PatientRecord) -> str:
        return next((plain_number(one.value, kind) for one in told.telecoms if one.kind == kind), "")

    return value


def _address(told: PatientRecord) -> str:
    return value_text(asdict(told.addresses[0])) if told.addresses else ""


def _ssn(told: PatientRecord) -> str:
    return next((one.value for one in told.identifiers if one.authority == SSN_AUTHORITY), "")


_VALUES: Mapping[str, Callable[[PatientRecord], str]] = {
    "given_name": _part("given"),
    "middle_name": _part("middle"),
    "family_name": _part("family"),
    "suffix": _part("suffix"),
    "birth_date": lambda told: told.birth_date,
    "sex": lambda told: told.sex,
    "ssn": _ssn,
    "address": _address,
    "phone": _telecom("phone"),
    "email": _telecom("email"),
    "deceased_date": lambda told: told.deceased_date,
}
