"""Reads of the REST door around one golden record: members, identity events, versions, search, cross-references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from mpi.database.straight import Row, ask, keys_as_text
from mpi.models import LIVE_STATUSES, GoldenRecord, IdentityEvent, Link

EUIDS = "SELECT id, euid FROM mpi_golden_record WHERE id = ANY($1::bigint[])"


def members(golden_id: int, *, after: int | None, size: int) -> list[Link]:
    """Open links of a golden record by ascending id with record, system and supporting record. One query."""
    related = ("source_record__source_system", "supporting_record__source_system", "model_version")
    links = Link.objects.filter(golden_record_id=golden_id, ended_at__isnull=True).select_related(*related)
    return list(links.filter(pk__gt=after or 0).order_by("pk")[: size + 1])


def events(golden_id: int, *, before: int | None, size: int) -> list[IdentityEvent]:
    """Identity events that touched a golden record, newest first; `undone_by` is prefetched. Two queries."""
    found = IdentityEvent.objects.filter(golden_record_ids__contains=[golden_id]).select_related("undoes")
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.prefetch_related("undone_by").order_by("-pk")[: size + 1])


def versions(golden_id: int, *, before: int | None, size: int) -> list[Any]:
    """History rows of a golden record, newest first (`history_id` is the key). One query."""
    found = GoldenRecord.history.filter(id=golden_id)
    if before is not None:
        found = found.filter(history_id__lt=before)
    return list(found.order_by("-history_id")[: size + 1])


def euids_of(golden_ids: Iterable[int]) -> dict[int, str]:
    """Primary key → EUID. One prepared query, none for no keys."""
    wanted = set(golden_ids)
    return read_euids(ask(EUIDS, keys_as_text(wanted))) if wanted else {}


def read_euids(rows: Iterable[Row]) -> dict[int, str]:
    """Primary key → EUID, from an answer to `EUIDS`."""
    return {int(pk): euid.decode() for pk, euid in rows if pk and euid}


@dataclass(frozen=True, slots=True)
class PersonSearch:
    """What to look for, in standard form: names are prefixes in capitals, `birth_date` is ISO. "" is not asked."""

    family_name: str = ""
    given_name: str = ""
    birth_date: str = ""


def search(wanted: PersonSearch, *, after: int | None, size: int) -> list[GoldenRecord]:
    """Live golden records by family name, given name, id. `after` is the id of the last one shown."""
    found = GoldenRecord.objects.filter(status__in=LIVE_STATUSES)
    if wanted.family_name:
        found = found.filter(family_name__startswith=wanted.family_name)
    if wanted.given_name:
        found = found.filter(given_name__startswith=wanted.given_name)
    if wanted.birth_date:
        found = found.filter(birth_date=wanted.birth_date)
    if after is not None and (last := GoldenRecord.objects.filter(pk=after).first()) is not None:
        found = found.filter(
            Q(family_name__gt=last.family_name)
            | Q(family_name=last.family_name, given_name__gt=last.given_name)
            | Q(family_name=last.family_name, given_name=last.given_name, pk__gt=last.pk)
        )
    return list(found.order_by("family_name", "given_name", "pk")[: size + 1])


def open_link(record_id: int) -> Link | None:
    """The open link of a source record with golden record, decision and model version. One query."""
    related = ("golden_record", "decision", "model_version", "supporting_record__source_system")
    return Link.objects.filter(source_record_id=record_id, ended_at__isnull=True).select_related(*related).first()


def cross_references(golden_id: int, *, target: str) -> Sequence[Link]:
    """Open links of one person, of the target system only where one is named; by system and number. One query."""
    links = Link.objects.filter(golden_record_id=golden_id, ended_at__isnull=True)
    if target:
        links = links.filter(source_record__source_system__code=target)
    related = links.select_related("source_record__source_system__authority")
    return list(related.order_by("source_record__source_system__code", "source_record__mrn"))
