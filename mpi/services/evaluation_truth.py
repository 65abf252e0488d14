"""Truth files: which records are truly one person. Refused with line and column, kept as ids only."""

from __future__ import annotations

import csv
import hashlib
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.db import connection

from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, Malformed, TooLarge
from mpi.models import TruthFile
from mpi.services.import_lines import decoded
from mpi.services.locking import transaction_time

TRUTH_COLUMNS = ("source_system", "mrn", "person_id")
MOST_UPLOAD_BYTES = 32 * 1024 * 1024
"""What a page takes: about a million lines. The command has no limit."""
_MOST_FLAWS = 20
_LINES_NAMED = 5
_MOST_CHARACTERS = {"source_system": 32, "mrn": 64, "person_id": 128}
_LOOKED_UP_AT_ONCE = 10_000
_FIND = """
SELECT w.place, r.id FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS w(code, mrn, place)
JOIN mpi_source_system s ON s.code = w.code
JOIN mpi_source_record r ON r.source_system_id = s.id AND r.mrn = w.mrn
"""

Record = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Truth:
    """A truth file as read: (source system, MRN) -> number of the person, in the order of the file."""

    sha256: str
    people: Mapping[Record, int] = field(repr=False)
    lines: Mapping[Record, int] = field(default_factory=dict, repr=False)
    """Where each record stands first, from 1."""
    repeated: tuple[int, ...] = ()
    """Lines that say what an earlier one said."""


def read_truth(path: Path) -> Truth:
    """Read a file. Raises Malformed."""
    try:
        with path.open("rb") as file:
            return parse_truth(file, path.name)
    except OSError as error:
        raise Malformed(f"The truth file {path.name} cannot be read: {error.strerror}.") from error


def read_upload(file: BinaryIO, name: str, size: int) -> Truth:
    """The same of an uploaded file. Raises TooLarge, Malformed."""
    if size > MOST_UPLOAD_BYTES:
        limit = MOST_UPLOAD_BYTES // 1024 // 1024
        raise TooLarge(f"A truth file may have {limit} MB here. Give a larger one to the command: evaluate --truth F.")
    return parse_truth(file, name)


def parse_truth(file: BinaryIO, name: str) -> Truth:
    """CSV of `TRUTH_COLUMNS` in any order, UTF-8. Raises Malformed with the first flaws: line and column, no value."""
    reader = _Reader(name)
    digest = hashlib.sha256()
    rows = csv.reader(_text_lines(file, digest, reader), strict=True)
    try:
        header = next(rows, None)
        if header is None:
            reader.flaw("file", "is empty", f"its first line names the columns {', '.join(TRUTH_COLUMNS)}", 1, 1)
        reader.header(header or [])
        for row in rows:
            reader.take(row, rows.line_num)
    except csv.Error:
        reader.flaw("line", "is not CSV", "look for a quote that is not closed", rows.line_num, 1)
    reader.refuse_flaws()
    if not reader.people:
        reader.flaw("file", "holds no line besides the header", "give one line a record", 2, 1)
        reader.refuse_flaws()
    return Truth(digest.hexdigest(), reader.people, reader.lines, tuple(reader.repeated))


def _text_lines(file: BinaryIO, digest: hashlib._Hash, reader: _Reader) -> Iterator[str]:
    """Physical lines as text; what is no text is a flaw of its line and ends the reading."""
    for number, line in enumerate(file, start=1):
        digest.update(line)
        if number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text: str | Flaw = Flaw("file", "is UTF-16", "save it as UTF-8", 1, 1)
        else:
            text = decoded(line, number)
        if isinstance(text, Flaw):
            reader.note(text)
            reader.refuse_flaws()
            return
        yield text


class _Reader:
    """Checks row after row. Columns of flaws count values, from 1."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._columns: tuple[str, ...] = ()
        self.lines: dict[Record, int] = {}
        self.repeated: list[int] = []
        self._numbers: dict[str, int] = {}
        self._flaws: list[Flaw] = []
        self.people: dict[Record, int] = {}

    def header(self, cells: list[str]) -> None:
        self._columns = tuple(cell.strip() for cell in cells)
        told = f"the columns are {', '.join(TRUTH_COLUMNS)}"
        for column, name in enumerate(self._columns, start=1):
            if name not in TRUTH_COLUMNS:
                self.flaw("header", "has a column that no truth file has", told, 1, column)
            elif name in self._columns[: column - 1]:
                self.flaw(name, "stands twice in the header", "remove one of the two columns", 1, column)
        for name in TRUTH_COLUMNS:
            if name not in self._columns:
                self.flaw(name, "is missing in the header", told, 1, len(self._columns) + 1)
        self.refuse_flaws()

    def take(self, row: list[str], line: int) -> None:
        if not row:
            return
        if len(row) != len(self._columns):
            column = min(len(row), len(self._columns)) + 1
            self.flaw("line", f"has {len(row)} values", f"give {len(self._columns)} values a line", line, column)
            return
        told = {name: value.strip() for name, value in zip(self._columns, row, strict=True)}
        usable = [self._is_usable(name, value, line) for name, value in told.items()]
        if not all(usable):
            return
        record = (told["source_system"], told["mrn"])
        person = self._numbers.setdefault(told["person_id"], len(self._numbers))
        first = self.lines.setdefault(record, line)
        if self.people.setdefault(record, person) != person:
            column = self._columns.index("person_id") + 1
            self.flaw("person_id", f"differs from line {first}", "one record belongs to one person", line, column)
        elif first != line:
            self.repeated.append(line)

    def _is_usable(self, name: str, value: str, line: int) -> bool:
        column = self._columns.index(name) + 1
        if not value:
            self.flaw(name, "is empty", "fill it, or leave the line out", line, column)
        elif len(value) > _MOST_CHARACTERS[name]:
            self.flaw(name, f"is longer than {_MOST_CHARACTERS[name]} characters", "give the code alone", line, column)
        else:
            return True
        return False

    def flaw(self, name: str, problem: str, mend: str, line: int, column: int) -> None:
        self.note(Flaw(name, problem, mend, line, column))

    def note(self, flaw: Flaw) -> None:
        self._flaws.append(flaw)
        if len(self._flaws) >= _MOST_FLAWS:
            self.refuse_flaws()

    def refuse_flaws(self) -> None:
        if self._flaws:
            raise Malformed(f"{self._name} is no usable truth file; nothing was kept of it.", flaws=self._flaws)


def keep_truth(truth: Truth, name: str, *, actor: Actor) -> TruthFile:
    """Store which records of the index are one person. Call inside a transaction.

    Raises InvalidInput when no record of the file is in the index: a figure over nothing says nothing.
    """
    mapping = array("q")
    people: set[int] = set()
    for record_id, person in _found(truth.people):
        mapping.extend((record_id, person))
        people.add(person)
    if not mapping:
        flaw = Flaw("source_system", "and mrn name no record of the index", "give the truth of the records loaded")
        raise InvalidInput("No record of the truth file is in the index; there is nothing to evaluate.", flaws=[flaw])
    return TruthFile.objects.create(
        name=_storable(name)[:200],
        sha256=truth.sha256,
        lines=len(truth.people),
        matched=len(mapping) // 2,
        people=len(people),
        mapping=zlib.compress(mapping.tobytes(), 1),
        actor_id=actor.id,
        actor_name=actor.name,
        recorded_at=transaction_time(),
    )


def notices(truth: Truth) -> tuple[str, ...]:
    """What of a usable file does not count, with its first lines: what stands twice, and records not in the index."""
    told = []
    if truth.repeated:
        told.append(f"{_counted(truth.repeated)}: said by an earlier line already; counted once.")
    known = {record for record, _ in _known(truth.people)}
    if unknown := [line for record, line in truth.lines.items() if record not in known]:
        told.append(
            f"{_counted(unknown)}: source_system and mrn name no record of the index; not judged. Import the record "
            "or leave the line out."
        )
    return tuple(told)


def _counted(lines: Sequence[int]) -> str:
    first = ", ".join(f"{line:,}" for line in lines[:_LINES_NAMED])
    more = ", …" if len(lines) > _LINES_NAMED else ""
    return f"{len(lines):,} line{'' if len(lines) == 1 else 's'} ({first}{more})"


def _found(people: Mapping[Record, int]) -> Iterator[tuple[int, int]]:
    """(source record id, person) of those in the index."""
    for record, record_id in _known(people):
        yield record_id, people[record]


def _known(records: Iterable[Record]) -> Iterator[tuple[Record, int]]:
    """(record, source record id) of those in the index."""
    rest = iter(records)
    while chunk := list(islice(rest, _LOOKED_UP_AT_ONCE)):
        codes, numbers = zip(*chunk, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [list(codes), list(numbers)])
            for place, record_id in cursor.fetchall():
                yield chunk[place - 1], record_id


def _storable(text: str) -> str:
    """A file name as it can be stored and shown."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def truth_mapping(truth: TruthFile) -> dict[int, int]:
    """Source record id -> person."""
    told = array("q")
    told.frombytes(zlib.decompress(bytes(truth.mapping)))
    return dict(zip(told[::2], told[1::2], strict=True))
