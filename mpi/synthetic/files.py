"""Writing a generated population to an import file and its truth file."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from mpi.synthetic.draft import COLUMNS
from mpi.synthetic.records import GeneratedRecord

FileFormat = Literal["csv", "ndjson"]
TRUTH_COLUMNS = ("source_system", "mrn", "person_id")

_REPORT_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class WrittenPopulation:
    """What was written: records, distinct persons, and records of each system in order of code."""

    records: int
    persons: int
    records_by_system: dict[str, int]


def write_population(
    records: Iterable[GeneratedRecord],
    *,
    out: Path,
    truth: Path,
    file_format: FileFormat = "csv",
    advance: Callable[[int], None] = lambda count: None,
) -> WrittenPopulation:
    """Stream `records` into `out` and their true persons into `truth` (always CSV), UTF-8, lines end in LF.

    Each file appears under its name only when it is complete. `advance` is told how many records were
    added since it was last called. Raises OSError where a file cannot be written.
    """
    by_system: Counter[str] = Counter()
    persons = _Persons()
    count = 0
    with _complete(out) as record_file, _complete(truth) as truth_file:
        write_row = _record_writer(record_file, file_format)
        truth_rows = csv.writer(truth_file, lineterminator="\n")
        truth_rows.writerow(TRUTH_COLUMNS)
        for count, record in enumerate(records, start=1):
            write_row(record)
            truth_rows.writerow((record.row[0], record.row[1], record.person_id))
            by_system[record.row[0]] += 1
            persons.add(record.person_id)
            if count % _REPORT_EVERY == 0:
                advance(_REPORT_EVERY)
        advance(count % _REPORT_EVERY)
    return WrittenPopulation(count, persons.count(), dict(sorted(by_system.items())))


class _Persons:
    """Counts distinct persons in one byte each: their ids are P and a running number."""

    def __init__(self) -> None:
        self._seen = bytearray(1024)

    def add(self, person_id: str) -> None:
        number = int(person_id[1:])
        while number >= len(self._seen):
            self._seen.extend(bytes(len(self._seen)))
        self._seen[number] = 1

    def count(self) -> int:
        return sum(self._seen)


def _record_writer(file: TextIO, file_format: FileFormat) -> Callable[[GeneratedRecord], object]:
    if file_format == "csv":
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        return lambda record: rows.writerow(record.row)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return lambda record: file.write(encode({k: v for k, v in record.as_dict().items() if v}) + "\n")


@contextmanager
def _complete(path: Path) -> Iterator[TextIO]:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
