"""Lines, standard records and their shown values between the processes of a load: packed into bytes, in memory only.

`marshal` is meant for this alone: values that one run of one Python hands to itself. It takes a third of the time of
JSON, and a record that waits in this form takes a third of the memory of the record itself.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, fields, make_dataclass
from operator import attrgetter
from typing import Any

from matching.records import PatientRecord, StandardAddress, StandardName, StandardRecord
from matching.survivorship import FieldValue, Member
from mpi.errors import Flaw
from mpi.services.import_lines import Line

_FIELDS = tuple(field.name for field in fields(StandardRecord))
_RECORD = attrgetter(*_FIELDS)
_NAME = attrgetter(*(field.name for field in fields(StandardName)))
_ADDRESS = attrgetter(*(field.name for field in fields(StandardAddress)))


def _maker(kind: type) -> Callable[..., Any]:
    """Makes values of a frozen class with slots, in a quarter of the time: as a class that is not frozen, by the same
    fields, which then becomes the frozen one. A frozen class's own constructor goes round its own guard for each field.
    """
    open_twin = make_dataclass(kind.__name__, [field.name for field in fields(kind)], slots=True)

    def make(*values: object) -> Any:
        made = open_twin(*values)
        made.__class__ = kind
        return made

    return make


_record_of, _name_of, _address_of = map(_maker, (StandardRecord, StandardName, StandardAddress))
_AT_NAME, _AT_FORMER, _AT_ADDRESSES = map(_FIELDS.index, ("name", "former_names", "addresses"))


def packed_lines(lines: Iterable[Line | None]) -> bytes:
    """Lines of a file, None for those that are passed over: a third of the time that pickle takes."""
    told = [line and (line.number, line.row, tuple(map(astuple, line.flaws))) for line in lines]
    return marshal.dumps(told)


def lines_of(packed: bytes) -> list[Line | None]:
    """The inverse of `packed_lines`."""
    told = marshal.loads(packed)  # noqa: S302 - our own parent wrote it
    return [line and Line(line[0], line[1], tuple([Flaw(*flaw) for flaw in line[2]])) for line in told]


def packed_standard(record: StandardRecord) -> bytes:
    """A standard record, SSN included: it never leaves the memory of the load."""
    told = list(_RECORD(record))
    told[_AT_NAME] = _NAME(record.name)
    told[_AT_FORMER] = [_NAME(name) for name in record.former_names]
    told[_AT_ADDRESSES] = [_ADDRESS(address) for address in record.addresses]
    return marshal.dumps(told)


def standard_of(packed: bytes) -> StandardRecord:
    """The inverse of `packed_standard`."""
    told = marshal.loads(packed)  # noqa: S302 - our own parent or worker wrote it
    told[_AT_NAME] = _name_of(*told[_AT_NAME])
    told[_AT_FORMER] = tuple([_name_of(*name) for name in told[_AT_FORMER]])
    told[_AT_ADDRESSES] = tuple([_address_of(*address) for address in told[_AT_ADDRESSES]])
    return _record_of(*told)  # type: ignore[no-any-return]


def packed_member(uuid: str, record: PatientRecord, rank: int, known_at: str, shown: Mapping[str, FieldValue]) -> bytes:
    """What survivorship needs of a record; `rank` is that of its system, `known_at` ISO in UTC."""
    values = [(name, *value) for name, value in shown.items()]
    return marshal.dumps((uuid, record.source_system, record.mrn, rank, known_at, values, record.verified))


def member_of(packed: bytes, record_id: int) -> tuple[str, Member]:
    """The UUID of a record, and the record as survivorship sees it."""
    uuid, system, mrn, rank, known_at, told, verified = marshal.loads(packed)  # noqa: S302 - our own worker wrote it
    values = {name: FieldValue(value, key) for name, value, key in told}
    return uuid, Member(record_id, system, mrn, rank, known_at, values, frozenset(verified.split()))
