"""One line of a file -> the record it tells, with everything that is wrong with it named by line and column. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mpi.errors import Flaw, InvalidInput, UnknownSystem
from mpi.mapping import Mapped, record_from_flat
from mpi.models import SourceSystem
from mpi.services.import_lines import Line, column_of
from mpi.services.parse import known_system

_CODE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


def map_line(
    line: Line, systems: Mapping[str, SourceSystem], header: Sequence[str], flaws: list[Flaw], counts: Counter[str]
) -> Mapped | None:
    """The record of a line, or None with its flaws noted; what is rejected or doubtful is counted."""
    if line.flaws:
        flaws += line.flaws
        counts["rejected"] += 1
        return None
    try:
        system = known_system(line.row.get("source_system", "").strip(), systems)
        mapped = record_from_flat(line.row, time_zone=system.time_zone)
    except UnknownSystem as error:
        mapped = None
        flaws += [_placed(flaw, line, header) for flaw in _naming(error, line)]
    except InvalidInput as error:
        mapped = None
        flaws += [_placed(flaw, line, header) for flaw in error.flaws]
    if mapped is None:
        counts["rejected"] += 1
        return None
    if mapped.doubts:
        counts["doubtful"] += 1
        flaws += [_placed(flaw, line, header, taken=True) for flaw in mapped.doubts]
    return mapped


def _naming(error: UnknownSystem, line: Line) -> Iterator[Flaw]:
    """The operator is told which code it is, unless it does not look like one: it may be a value of a patient."""
    code = line.row.get("source_system", "").strip()
    if not code:
        yield Flaw("source_system", "is missing", "give the code of the source system")
        return
    for flaw in error.flaws:
        yield Flaw(flaw.field, f"“{code}” {flaw.problem}" if _CODE.fullmatch(code) else flaw.problem, flaw.mend)


def _placed(flaw: Flaw, line: Line, header: Sequence[str], *, taken: bool = False) -> Flaw:
    column = column_of(header, flaw.field) if header else 1
    problem = f"{flaw.problem}; the record was taken without it as evidence" if taken else flaw.problem
    return Flaw(flaw.field, problem, flaw.mend, line.number, column)
