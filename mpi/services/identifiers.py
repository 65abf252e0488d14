"""The identifiers of source records as rows, so that a person is found by any of their numbers.

A protected number (SSN, passport ...) stands there as its blind index only.
"""

from __future__ import annotations

from collections.abc import Iterable

from matching.records import SSN_AUTHORITY, StandardRecord
from mpi import codec, vault
from mpi.models import Identifier, MessageOutcome
from mpi.services.plan import Plan
from mpi.services.rows import insert_rows, new_row, tell
from mpi.services.unit import UnitOfWork

_DELETE = "DELETE FROM mpi_identifier WHERE source_record_id = ANY(%s::bigint[])"
_SAYS_SOMETHING = (MessageOutcome.CREATED, MessageOutcome.UPDATED)


def write_identifiers(unit: UnitOfWork, plans: Iterable[Plan]) -> None:
    """Bring the identifier rows of the batch's records up to date: the last word of each record counts."""
    last = {plan.record.pk: plan for plan in plans if plan.record is not None and plan.outcome in _SAYS_SOMETHING}
    known = [pk for pk, plan in last.items() if not plan.is_new_record]
    if known:
        tell(_DELETE, known)
    insert_rows([row for pk, plan in last.items() for row in _rows(unit, pk, plan.told.standard)])


def rewrite_identifiers(unit: UnitOfWork, record_id: int, standard: StandardRecord) -> None:
    """Bring the rows of one record up to date with what it tells again."""
    tell(_DELETE, [record_id])
    insert_rows(list(_rows(unit, record_id, standard)))


def identifier_values(standard: StandardRecord) -> Iterable[tuple[str, str, str, bytes]]:
    """(authority, type, value or "", blind index) of each number of a record.

    `standard` is the protected form: values of protected identifiers are blind indexes in hexadecimal.
    """
    if standard.ssn:
        yield _fitted(SSN_AUTHORITY, "SS", "", vault.blind_index("ssn", standard.ssn))
    for authority, kind, value in standard.identifiers:
        if codec.is_protected(authority, kind):
            yield _fitted(authority, kind, "", bytes.fromhex(value))
        else:
            yield _fitted(authority, kind, value, vault.blind_index(f"{authority}|{kind}", value))


def _fitted(authority: str, kind: str, value: str, index: bytes) -> tuple[str, str, str, bytes]:
    return authority[:64], kind[:16], value[:64], index


def _rows(unit: UnitOfWork, record_id: int, standard: StandardRecord) -> Iterable[Identifier]:
    for authority, kind, value, index in identifier_values(standard):
        yield new_row(
            Identifier,
            id=unit.new_id(Identifier),
            source_record_id=record_id,
            authority=authority,
            type=kind,
            value=value,
            value_index=index,
        )
