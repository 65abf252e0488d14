"""Lines of a bulk load -> their rows and what matching needs of them. Runs in a worker process without a database.

Each line is read exactly as `import_file`, `parse` and `plan` read it: same mapping, standardiser, protection, hashes.
"""

from __future__ import annotations

from array import array as numbers
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from matching.blocking import RULES, STRONG_RULES, blocking_keys
from matching.model import LinkageModel
from matching.standardise import standardise
from mpi import codec, vault
from mpi.errors import Flaw
from mpi.services.bulk_copy import chance
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_packed import lines_of, packed_standard
from mpi.services.bulk_pairs import feature_table, features, key_table
from mpi.services.bulk_record_rows import RecordRows, Taken
from mpi.services.import_file import LINES_A_COMMIT
from mpi.services.import_mapping import map_line

_NUMBER = {rule: number for number, rule in enumerate(RULES)}
_STRONG = frozenset(_NUMBER[rule] for rule in STRONG_RULES)


@dataclass(frozen=True, slots=True)
class Lines:
    """A task: so many lines of the file in their order (see `packed_lines`), the first of them number `first`; None is
    left to the caller.

    `first` is a multiple of `LINES_A_COMMIT`. With `rows` False only what matching needs is prepared.
    """

    first: int
    count: int
    lines: bytes = field(repr=False)
    rows: bool = True


@dataclass(slots=True)
class Prepared:
    """A chunk of lines: `rows` are COPY lines by statement, `flaws` and `counts` those of an import.

    The rest is for matching, one entry for each record:
    ids         numbers of the lines in the load
    batches     the batch to which an ordinary import would have given each
    standards   packed standard records, SSN included: they never leave the memory of the load
    members     the same for survivorship, see `bulk_packed`
    hashes, rules, key_counts   blocking keys: hashes and rule numbers of all records, and how many each has
    features, keys   the same for blocking, as `bulk_pairs` loads it
    """

    first: int
    lines: int
    rows: dict[str, bytes] = field(default_factory=dict, repr=False)
    flaws: list[Flaw] = field(default_factory=list, repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    ids: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    standards: list[bytes] = field(default_factory=list, repr=False)
    members: list[bytes] = field(default_factory=list, repr=False)
    hashes: numbers[int] = field(default_factory=lambda: numbers("q"), repr=False)
    rules: bytes = field(default=b"", repr=False)
    key_counts: list[int] = field(default_factory=list)
    features: pa.Table = field(default=None, repr=False)
    keys: pa.Table = field(default=None, repr=False)


class Preparer:
    """Prepares chunks of one load: patterns are made once a process."""

    def __init__(self, frame: Frame, model: LinkageModel) -> None:
        self._frame = frame
        self._model = model
        self._rows = RecordRows(frame)

    def prepare(self, task: Lines) -> Prepared:
        """Rows of these lines, and what matching needs.

        Step by step for all lines, not line by line: a processor that does one thing a thousand times has it at
        hand, which takes a third off the time.
        """
        prepared = Prepared(task.first, task.count)
        taken = self._taken(task, prepared)
        excessive = self._model.excessive
        standards = [codec.protected_standard(standardise(one.mapped.record, excessive=excessive)) for one in taken]
        keys = [blocking_keys(standard) for standard in standards]
        hashes = [[vault.blocking_hash(key.rule, key.value) for key in own] for own in keys]
        prepared.ids = [one.number for one in taken]
        prepared.batches = [one.batch for one in taken]
        prepared.hashes.extend(chain.from_iterable(hashes))
        prepared.rules = bytes([_NUMBER[key.rule] for own in keys for key in own])
        prepared.key_counts = [len(own) for own in keys]
        owners = [one.number for one, own in zip(taken, keys, strict=True) for _ in own]
        batches = [one.batch for one, own in zip(taken, keys, strict=True) for _ in own]
        told = [features(standard, self._model) for standard in standards]
        prepared.features = feature_table(prepared.ids, told)
        prepared.keys = key_table(owners, prepared.hashes, [rule in _STRONG for rule in prepared.rules], batches)
        if task.rows:
            prepared.rows, prepared.members = self._rows.rows(taken, standards, hashes)
            prepared.standards = [packed_standard(standard) for standard in standards]
        return prepared

    def _taken(self, task: Lines, prepared: Prepared) -> list[Taken]:
        """The lines that can be used; what is wrong with the others is noted."""
        batch_size = self._frame.batch_size
        batches = -(-LINES_A_COMMIT // batch_size)
        found: list[Taken] = []
        before = 0
        for place, line in enumerate(lines_of(task.lines)):
            if place % LINES_A_COMMIT == 0:
                before = 0
            if line is not None:
                mapped = map_line(line, self._frame.systems, self._frame.header, prepared.flaws, prepared.counts)
                if mapped is None:
                    continue
                number = task.first + place
                batch = number // LINES_A_COMMIT * batches + before // batch_size
                found.append(Taken(number, batch, chance.uuid(), line, mapped))
            before += 1
        return found
