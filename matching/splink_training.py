"""Training by Splink: u by random sampling, m by expectation maximisation, on records as they are.

m is learned in two sessions, on pairs that share an SSN and on pairs that share birth date and given
name; each leaves out the comparisons its pairs agree on by choice. Looser blocks (same family name
and address) would teach father and son as one person. A session with too few pairs is left out, and
what no session could teach keeps its starting values: records without SSNs teach nothing about birth
dates. u is sampled from records of different people: one record for each probable person. A level
that never occurred keeps its starting value and says so; a model with a hole is refused.

Everything happens in memory: DuckDB is forbidden to spill, because what it holds are values of patients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
from splink import DuckDBAPI, Linker

from matching.levels import BIRTH_DATE, COMPARISONS, GIVEN, MISSING, SSN
from matching.model import InvalidModel
from matching.splink_bridge import SPLINK_LOG_LEVEL, Records, bulk_connection, create_records, level_settings
from matching.splink_sql import MACROS, condition
from matching.starting_values import STARTING_VALUES

LEAST_PAIRS = 200
"""Pairs a session must see at the least; with fewer its m would be noise."""
SAMPLED_PAIRS = 2e7
"""Pairs of different people on which u is estimated."""
PAIRS_A_CHUNK = 2.5e6
"""Sampled pairs that are held in memory at once."""
_ALL = tuple(range(len(COMPARISONS)))


@dataclass(frozen=True, slots=True)
class Session:
    """Pairs that agree on a column, from which m is learned, and the comparisons they cannot teach."""

    name: str
    column: str
    held_out: frozenset[int]


SESSIONS = (
    Session("same SSN", "block_ssn", frozenset({SSN})),
    Session("same birth date and given name", "block_birth", frozenset({BIRTH_DATE, GIVEN})),
)
_BLOCK_COLUMNS = (
    "create or replace table patient_record as select *, nullif(ssn, '') as block_ssn,"
    " case when given <> '' and birth_date <> '' then given || '|' || birth_date end as block_birth"
    " from patient_record"
)
"""Copies to block on: Splink would silently leave out every comparison that reads a blocking column."""


@dataclass(frozen=True, slots=True)
class LevelEstimate:
    """What Splink says of one level: None where it never occurred."""

    m: float | None
    u: float | None


@dataclass(frozen=True, slots=True)
class Estimates:
    """All levels (comparison, level) with what was learned, and how much stood behind it.

    `session_matches` are the matches among the pairs of each session that was held; `left_out` the pairs of
    those that found too few.
    """

    levels: Mapping[tuple[int, int], LevelEstimate]
    sampled_pairs: int
    session_matches: Mapping[str, int]
    left_out: Mapping[str, int]


Tell = Callable[[str], None]
"""Is told in words which stage begins."""


def in_silence(_stage: str) -> None:
    """For whoever does not want to be told."""


def estimate(
    records: Records,
    one_each: Records,
    established: frozenset[str],
    *,
    seed: int,
    sampled_pairs: float = SAMPLED_PAIRS,
    tell: Tell = in_silence,
) -> Estimates:
    """Estimate u on `one_each` (one record a person) and m on `records`. Deterministic by `seed`.

    Raises InvalidModel when every session finds too few pairs, or memory does not suffice.
    """
    tell("u from random pairs")
    u = _estimate_u(one_each, established, seed, sampled_pairs)
    m: dict[tuple[int, int], list[tuple[float, int]]] = {}
    matches, left_out = {}, {}
    with _memory() as connection:
        create_records(connection, records, established)
        connection.execute(_BLOCK_COLUMNS)
        for session in SESSIONS:
            pairs = _pairs(connection, session)
            if pairs < LEAST_PAIRS:
                left_out[session.name] = pairs
                continue
            tell(f"m from pairs with the {session.name}")
            learned, share = _session(connection, session, u)
            matches[session.name] = count = round(pairs * share)
            for place, value in learned.items():
                m.setdefault(place, []).append((value, count))
    if not matches:
        found = ", ".join(f"{pairs} with the {name}" for name, pairs in left_out.items())
        raise InvalidModel(f"Too few pairs to learn from: {found}; at least {LEAST_PAIRS} of one kind are needed.")
    levels = {
        (comparison, level): LevelEstimate(_weighted(m.get((comparison, level), ())), u.get((comparison, level)))
        for comparison in _ALL
        for level in range(1, len(COMPARISONS[comparison].levels))
    }
    possible = len(one_each) * (len(one_each) - 1) // 2
    return Estimates(levels, min(int(sampled_pairs), possible), matches, left_out)


@contextmanager
def _memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that never writes to disk. Raises InvalidModel when memory does not suffice."""
    with bulk_connection() as connection:
        connection.execute("set temp_directory = ''")
        for macro in MACROS:
            connection.execute(macro)
        try:
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise InvalidModel("The records do not fit into memory; train on a smaller sample.") from error


def _weighted(values: Iterable[tuple[float, int]]) -> float | None:
    """Mean over the sessions that could see the level, by their number of matches."""
    seen = list(values)
    total = sum(count for _, count in seen)
    return sum(value * count for value, count in seen) / total if total else None


def _settings(comparisons: Iterable[int], u: Mapping[tuple[int, int], float], start: float) -> dict[str, object]:
    return {
        "link_type": "dedupe_only",
        "probability_two_random_records_match": start,
        "comparisons": [_training_comparison(number, u) for number in comparisons],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": False,
        "em_convergence": 1e-5,
        "max_iterations": 100,
    }


def _training_comparison(number: int, u: Mapping[tuple[int, int], float]) -> dict[str, object]:
    """One Splink level for each of ours, likeliest first so that most pairs are settled early."""
    shape, start = COMPARISONS[number], STARTING_VALUES[number]
    order = sorted(start, key=lambda level: -start[level][1])
    levels = [level_settings(shape.levels[MISSING].name, condition(number, MISSING), 1.0, 1.0, missing=True)]
    for level in order:
        m_start, u_start = start[level]
        u_value = u.get((number, level), u_start)
        levels.append(level_settings(shape.levels[level].name, condition(number, level), m_start, u_value, fixed=False))
    return {"output_column_name": shape.name, "comparison_levels": levels}


def _estimate_u(
    records: Records, established: frozenset[str], seed: int, sampled_pairs: float
) -> dict[tuple[int, int], float]:
    with _memory() as connection:
        create_records(connection, records, established)
        linker = _linker(connection, _settings(_ALL, {}, 1e-4))
        linker.training.estimate_u_using_random_sampling(
            max_pairs=sampled_pairs,
            seed=seed,
            min_count_per_level=None,
            num_chunks=math.ceil(sampled_pairs / PAIRS_A_CHUNK),
        )
        return _learned(linker, _ALL, "_trained_u_probabilities")


def _pairs(connection: duckdb.DuckDBPyConnection, session: Session) -> int:
    found = connection.execute(
        f"select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from patient_record"  # noqa: S608 - our own column
        f" where {session.column} is not null group by {session.column})"
    ).fetchall()
    return int(found[0][0])


def _session(
    connection: duckdb.DuckDBPyConnection, session: Session, u: Mapping[tuple[int, int], float]
) -> tuple[dict[tuple[int, int], float], float]:
    """m of every comparison the session can teach, and the share of matches among its pairs."""
    taught = [number for number in _ALL if number not in session.held_out]
    linker = _linker(connection, _settings(taught, u, 0.5))
    same = f"l.{session.column} = r.{session.column}"
    trained = linker.training.estimate_parameters_using_expectation_maximisation(same)
    share = trained.core_model_settings.probability_two_random_records_match
    return _learned(linker, taught, "_trained_m_probabilities"), float(share)


def _linker(connection: duckdb.DuckDBPyConnection, settings: dict[str, object]) -> Linker:
    api = DuckDBAPI(connection=connection)
    return Linker(api.register("patient_record"), settings, log_level=SPLINK_LOG_LEVEL, validate_settings=False)


def _learned(linker: Linker, comparisons: Sequence[int], key: str) -> dict[tuple[int, int], float]:
    """Values of the levels that did occur, by (comparison, level).

    Splink keeps the starting value of a level that never occurred and calls it trained; what it learned
    stands only in the level's own record of estimates, as text where there was nothing to learn from.
    """
    found = {}
    for number, comparison in zip(comparisons, linker._settings_obj.comparisons, strict=True):
        names = [level.name for level in COMPARISONS[number].levels]
        for level in comparison.comparison_levels:
            estimates = [each["probability"] for each in getattr(level, key)]
            if estimates and isinstance(estimates[-1], float) and 0 < estimates[-1] < 1:
                found[number, names.index(level.label_for_charts)] = estimates[-1]
    return found
