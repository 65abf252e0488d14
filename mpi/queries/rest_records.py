"""Reads of the REST door around one source record: versions, the decision about it, its open potential matches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from mpi.database.straight import Row, ask, ask_all, keys_as_text
from mpi.models import Decision, PotentialMatch, PotentialMatchStatus, SourceRecord, SourceSystem
from mpi.queries.rest_golden import EUIDS, read_euids

_NUMBERS = (
    "SELECT r.id, s.code, r.mrn FROM mpi_source_record r JOIN mpi_source_system s ON s.id = r.source_system_id "
    "WHERE r.id = ANY($1::bigint[])"
)
_ASKS = (
    "SELECT 1 FROM mpi_potential_match WHERE status = 'open' "
    "AND (record_a_id = $1::bigint OR record_b_id = $1::bigint) LIMIT 1"
)
Number = tuple[str, str]
"""A source system and the number of a record in it."""


def versions(record_id: int, *, size: int) -> list[Any]:
    """History rows of a source record, newest first. One query."""
    return list(SourceRecord.history.filter(id=record_id).order_by("-history_id")[:size])


def latest_decision(record_id: int) -> Decision | None:
    """The newest decision about a source record. One query."""
    return Decision.objects.filter(source_record_id=record_id).order_by("-pk").first()


def numbers_of(record_ids: Iterable[int]) -> dict[int, Number]:
    """Primary key → (system, MRN). One prepared query, none for no keys."""
    wanted = set(record_ids)
    return _numbers(ask(_NUMBERS, keys_as_text(wanted))) if wanted else {}


def names_of(golden_ids: Iterable[int], record_ids: Iterable[int]) -> tuple[dict[int, str], dict[int, Number]]:
    """How golden records and source records are named outside: by EUID, and as in `numbers_of`. One round trip."""
    golden, records = set(golden_ids), set(record_ids)
    if not golden and not records:
        return {}, {}
    euids, numbers = ask_all((EUIDS, (keys_as_text(golden),)), (_NUMBERS, (keys_as_text(records),)))
    return read_euids(euids), _numbers(numbers)


def _numbers(rows: Iterable[Row]) -> dict[int, Number]:
    return {int(pk): (system.decode(), mrn.decode()) for pk, system, mrn in rows if pk and system and mrn}


def open_potential_matches(record_id: int) -> list[PotentialMatch]:
    """Open potential matches whose best pair holds this record, strongest first.

    One prepared query where there is none, as for most records; two otherwise.
    """
    if not ask(_ASKS, str(record_id)):
        return []
    ours = Q(record_a_id=record_id) | Q(record_b_id=record_id)
    found = PotentialMatch.objects.filter(ours, status=PotentialMatchStatus.OPEN)
    return list(found.select_related("golden_a", "golden_b").order_by("-bits", "pk"))


def live_record(system: str, mrn: str) -> SourceRecord | None:
    """A source record by its number. One query."""
    return SourceRecord.objects.filter(source_system__code=system, mrn=mrn).first()


def system_is_registered(code: str) -> bool:
    """Whether a source system of this code is registered. One query."""
    return SourceSystem.objects.filter(code=code).exists()
