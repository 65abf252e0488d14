"""Exports for other programs: who is who, and what waits for review."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import InvalidInput

LINK_COLUMNS = ("source_system", "mrn", "euid")
REVIEW_COLUMNS = ("source_system_1", "mrn_1", "source_system_2", "mrn_2", "probability")
_LINKS = """
SELECT s.code, r.mrn, g.euid FROM mpi_link l
JOIN mpi_source_record r ON r.id = l.source_record_id
JOIN mpi_source_system s ON s.id = r.source_system_id
JOIN mpi_golden_record g ON g.id = l.golden_record_id
WHERE l.ended_at IS NULL ORDER BY s.code, r.mrn
"""
_REVIEW = """
SELECT sa.code, a.mrn, sb.code, b.mrn, m.probability FROM mpi_potential_match m
JOIN mpi_source_record a ON a.id = m.record_a_id JOIN mpi_source_system sa ON sa.id = a.source_system_id
JOIN mpi_source_record b ON b.id = m.record_b_id JOIN mpi_source_system sb ON sb.id = b.source_system_id
WHERE m.status = 'open' ORDER BY m.probability DESC, m.id
"""


def export_links(out: Path, *, actor: Actor) -> int:
    """Every source record with the EUID it belongs to, as CSV. Audited with the number of rows."""
    return _export(out, LINK_COLUMNS, _LINKS, Action.EXPORT_LINKS, actor)


def export_review(out: Path, *, actor: Actor) -> int:
    """Every open potential match as its best pair of source records, likeliest first, as CSV. Audited."""
    return _export(out, REVIEW_COLUMNS, _REVIEW, Action.EXPORT_REVIEW, actor)


def links() -> dict[tuple[str, str], str]:
    """(source system, MRN) -> EUID, for an evaluation in memory."""
    return {(code, mrn): euid for code, mrn, euid in _rows(_LINKS)}


def review_pairs() -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """The pairs of open potential matches, for an evaluation in memory."""
    return [((one, mrn_one), (other, mrn_other)) for one, mrn_one, other, mrn_other, _ in _rows(_REVIEW)]


def _export(out: Path, columns: Sequence[str], query: str, action: Action, actor: Actor) -> int:
    require(actor, Permission.EXPORT)
    with transaction.atomic():
        count = _write(out, columns, _rows(query))
        record(entry_by(actor, action, detail={"rows": count}))
    return count


def _rows(query: str) -> Iterator[tuple[Any, ...]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(5_000):
            yield from rows


def _write(out: Path, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> int:
    """The file appears under its name only when it is complete. Raises InvalidInput when it cannot be written."""
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    count = 0
    try:
        with draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            for row in rows:
                writer.writerow(row)
                count += 1
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InvalidInput(f"The file {out} cannot be written: {error.strerror}.") from error
    return count
