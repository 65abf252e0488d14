"""How right the index is, against a truth file: precision, recall, false merges, share in review."""

from __future__ import annotations

import csv
from collections.abc import Hashable
from pathlib import Path

from matching.evaluate import Evaluation, after_review, evaluate
from mpi.errors import Flaw, InvalidInput, Malformed
from mpi.services.export import links, review_pairs

TRUTH_COLUMNS = ("source_system", "mrn", "person_id")


def read_truth(path: Path) -> dict[Hashable, Hashable]:
    """(source system, MRN) -> person. Raises Malformed for another header, an unreadable file or a torn line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            if tuple(next(reader, ())) != TRUTH_COLUMNS:
                flaw = Flaw("header", "is wrong", f"the columns are {','.join(TRUTH_COLUMNS)}", 1, 1)
                raise Malformed(f"{path.name} is not a truth file.", flaws=[flaw])
            truth: dict[Hashable, Hashable] = {}
            for row in reader:
                if len(row) != len(TRUTH_COLUMNS):
                    flaw = Flaw("line", f"has {len(row)} values", "give three values a line", reader.line_num, 1)
                    raise Malformed(f"{path.name} cannot be read.", flaws=[flaw])
                truth[row[0], row[1]] = row[2]
            return truth
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Malformed(f"The truth file {path.name} cannot be read ({type(error).__name__}).") from error


def evaluate_index(truth: dict[Hashable, Hashable]) -> tuple[Evaluation, Evaluation]:
    """The persons of the index as they are, and as they would be after a perfect review.

    Raises InvalidInput when no record of the truth is in the index: a figure over nothing says nothing.
    """
    found: dict[Hashable, Hashable] = dict(links())
    if not found.keys() & truth.keys():
        raise InvalidInput("No record of the truth file is in the index; there is nothing to evaluate.")
    pairs = review_pairs()
    reviewed = after_review(found, truth, pairs)
    return evaluate(found, truth, pairs), evaluate(reviewed, truth)
