"""Files to import, and what became of their lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mpi.commands import system_actor
from mpi.models import InboundMessage, Job, LineError
from mpi.services.import_file import finish_job, read_file, register_new_systems, start_import, survey
from mpi.services.sweep import sweep_inbox

HEADER = (
    "source_system",
    "mrn",
    "given_name",
    "family_name",
    "birth_date",
    "sex",
    "ssn",
    "street",
    "city",
    "phone",
    "updated_at",
)
ANN = {
    "source_system": "HIS",
    "mrn": "1",
    "given_name": "Ann",
    "family_name": "Quillfeather",
    "birth_date": "1971-03-09",
    "sex": "F",
    "ssn": "536-22-8145",
    "street": "12 Alder Court",
    "city": "Dayton",
    "phone": "937-555-0141",
}
BEN = {
    "source_system": "LAB",
    "mrn": "2",
    "given_name": "Ben",
    "family_name": "Zamboni",
    "birth_date": "1984-11-30",
    "sex": "M",
    "ssn": "219-44-7710",
    "street": "801 Kettering Boulevard",
    "city": "Toledo",
    "phone": "419-555-0187",
}
CAT = {"source_system": "HIS", "mrn": "3", "given_name": "Cat", "family_name": "Ormsby", "birth_date": "1990-05-17"}
PATIENT_WORDS = (
    "Ann",
    "Quillfeather",
    "Ben",
    "Zamboni",
    "Cat",
    "Ormsby",
    "536-22",
    "219-44",
    "8145",
    "Alder",
    "1971-03",
)
"""Nothing of a patient that may stand in an error."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line error."""

    line: int
    column: int | None
    field: str
    problem: str
    mend: str


@dataclass(frozen=True, slots=True)
class Imported:
    """An import that is over: its counts without the zeros, and its line errors in their order."""

    job: Job
    counts: dict[str, int]
    errors: tuple[Told, ...]

    @property
    def places(self) -> list[tuple[int, int | None, str]]:
        return [(error.line, error.column, error.field) for error in self.errors]


def csv_line(values: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(values)
    return written.getvalue()


def line(row: Mapping[str, str], header: Sequence[str] = HEADER) -> str:
    """One CSV line."""
    return csv_line([row.get(name, "") for name in header])


def csv_text(*rows: Mapping[str, str], header: Sequence[str] = HEADER) -> str:
    return ",".join(header) + "\n" + "".join(line(row, header) for row in rows)


def run_import(path: Path) -> Imported:
    """As `importrecords FILE --wait` does, the sweep being the worker."""
    actor = system_actor("importrecords", source="command")
    total, systems = survey(path)
    register_new_systems(systems, actor=actor)
    job = start_import(path, total=total, actor=actor)
    seen = []
    job = read_file(path, job, actor=actor, advance=seen.append)
    assert sum(seen) == total
    sweep_inbox(older_than_s=-60)
    assert finish_job(job.pk, actor)
    job.refresh_from_db()
    return Imported(job, {name: count for name, count in job.counts.items() if count}, _errors(job))


def _errors(job: Job) -> tuple[Told, ...]:
    rows = LineError.objects.filter(job=job).order_by("id")
    told = tuple(Told(row.line, row.column, row.field, row.problem, row.mend) for row in rows)
    assert all(error.problem and error.mend for error in told)
    shown = " ".join(f"{error.field} {error.problem} {error.mend}" for error in told)
    assert [word for word in PATIENT_WORDS if word in shown] == []
    return told


def messages() -> int:
    return InboundMessage.objects.count()
