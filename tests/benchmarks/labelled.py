"""A labelled set: flat rows as an import file holds them, and which true person each row is of."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from matching.records import StandardRecord
from matching.standardise import NOTHING_EXCESSIVE, ExcessiveValues, standardise
from mpi.mapping import FLAT_FIELDS, record_from_flat

FlatRow = Mapping[str, str]


@dataclass(frozen=True)
class LabelledSet:
    """Rows in order of arrival; `persons[i]` is the true person of `rows[i]`."""

    name: str
    rows: tuple[FlatRow, ...]
    persons: tuple[str, ...]

    @cached_property
    def truth(self) -> dict[int, str]:
        """Record number -> true person."""
        return dict(enumerate(self.persons))

    def records(self, excessive: ExcessiveValues = NOTHING_EXCESSIVE) -> dict[int, StandardRecord]:
        """Record number -> standard form, by the way an import takes."""
        return {
            number: standardise(record_from_flat(row).record, excessive=excessive)
            for number, row in enumerate(self.rows)
        }

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the import file and its truth file (CSV, UTF-8); returns both paths."""
        folder.mkdir(parents=True, exist_ok=True)
        out, truth = folder / f"{self.name}.csv", folder / f"{self.name}-truth.csv"
        with out.open("w", encoding="utf-8", newline="") as file, truth.open("w", encoding="utf-8", newline="") as true:
            rows, persons = csv.writer(file, lineterminator="\n"), csv.writer(true, lineterminator="\n")
            rows.writerow(FLAT_FIELDS)
            persons.writerow(("source_system", "mrn", "person_id"))
            for row, person in zip(self.rows, self.persons, strict=True):
                rows.writerow([row.get(field, "") for field in FLAT_FIELDS])
                persons.writerow((row["source_system"], row["mrn"], person))
        return out, truth

    def shuffled(self, seed: int) -> LabelledSet:
        """The same rows in another order of arrival."""
        order = list(range(len(self.rows)))
        random.Random(seed).shuffle(order)
        return self.picked(order)

    def picked(self, order: Sequence[int]) -> LabelledSet:
        """Only these rows, in this order."""
        return replace(
            self, rows=tuple(self.rows[place] for place in order), persons=tuple(self.persons[place] for place in order)
        )


def flat_row(source: str, number: str, **values: str) -> dict[str, str]:
    """One row with every flat field. Who has no name at all is UNKNOWN: an import wants one."""
    row = dict.fromkeys(FLAT_FIELDS, "") | values | {"source_system": source, "mrn": number}
    if not row["given_name"] and not row["family_name"]:
        row["family_name"] = "UNKNOWN"
    return row
