"""The one file that knows Splink: a LinkageModel as Splink settings, and bulk scores from DuckDB.

Splink computes exactly what `score` computes: the same levels (conditions of `splink_sql`), the same
m and u, the same prior and frozen term frequencies. Frequencies sit in two comparisons of their own
that weigh 0 bits before the adjustment, because an adjusted name belongs to a joint comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow  # type: ignore[import-untyped]  # it ships no types
from splink import DuckDBAPI, Linker

from matching.blocking import blocking_keys
from matching.levels import COMPARISONS
from matching.model import LinkageModel, TermFrequencies
from matching.records import StandardRecord
from matching.splink_rows import COLUMNS, to_row
from matching.splink_sql import BRANCHES, TERM_CONDITIONS

Settings = dict[str, object]
Records = Mapping[int, StandardRecord]
"""Record id -> record."""

SPLINK_LOG_LEVEL = "ERROR"
"""Below errors Splink's messages are noise here, and the finest of them hold values."""
MOST_RECORDS_A_KEY = 200
"""A key shared by more records is no use for bulk blocking, unless it is strong; other keys find the pairs."""

_ARROW = {
    "BIGINT": pyarrow.int64(),
    "VARCHAR": pyarrow.string(),
    "BOOLEAN": pyarrow.bool_(),
    "VARCHAR[]": pyarrow.list_(pyarrow.string()),
}


@dataclass(frozen=True, slots=True)
class BulkPair:
    """One pair scored by Splink; ids in ascending order, `bits` the total with the prior."""

    left_id: int
    right_id: int
    bits: float


def settings_for(model: LinkageModel, *, dialect: Callable[[str], str] = str) -> Settings:
    """Splink settings with every m, u and frequency of the model fixed; nothing is left to estimate.

    `dialect` translates a condition of `splink_sql` for another engine than DuckDB.
    """
    comparisons = [
        _comparison(
            shape.name,
            [
                level_settings(
                    f"{shape.levels[level].name} {place}",
                    _in(dialect, test),
                    *_weights(model, number, level),
                    missing=not level,
                )
                for place, (test, level) in enumerate(BRANCHES[number])
            ],
        )
        for number, shape in enumerate(COMPARISONS)
    ]
    comparisons.append(_frequency_comparison("given", model.given_frequencies, dialect))
    comparisons.append(_frequency_comparison("family", model.family_frequencies, dialect))
    return {
        "link_type": "dedupe_only",
        "comparisons": comparisons,
        "probability_two_random_records_match": model.prior,
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }


def _weights(model: LinkageModel, comparison: int, level: int) -> tuple[float, float]:
    found = model.level(comparison, level)
    return found.m, found.u


def _comparison(name: str, levels: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {"output_column_name": name, "comparison_levels": list(levels)}


def level_settings(
    label: str, test: str, m: float, u: float, *, missing: bool = False, fixed: bool = True
) -> dict[str, object]:
    """One Splink level; m and u are only where estimation starts unless they are fixed."""
    level: dict[str, object] = {"label_for_charts": label, "sql_condition": "ELSE" if test == "true" else test}
    if missing:
        return {**level, "is_null_level": True}
    weights = {"m_probability": m, "u_probability": u}
    return {**level, **weights, "fix_m_probability": fixed, "fix_u_probability": fixed}


def _in(dialect: Callable[[str], str], test: str) -> str:
    return test if test == "true" else dialect(test)


def _frequency_comparison(name: str, table: TermFrequencies, dialect: Callable[[str], str]) -> dict[str, object]:
    """A comparison whose only weight is the frequency adjustment: m = u on both of its levels."""
    agree = {
        **level_settings("agree", dialect(TERM_CONDITIONS[name]), table.average_u, table.average_u),
        "tf_adjustment_column": name,
        "tf_adjustment_weight": 1.0,
        "disable_tf_exact_match_detection": True,
    }
    rest = 1 - table.average_u
    unknown = level_settings("not known", f"{name}_l is null or {name}_r is null", 1.0, 1.0, missing=True)
    otherwise = level_settings("otherwise", "true", rest, rest)
    return _comparison(f"{name}_frequency", [unknown, agree, otherwise])


@contextmanager
def bulk_connection(memory_limit: str = "4GB", threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory with bounds; nothing of it reaches the disk unless DuckDB must spill."""
    connection = duckdb.connect(":memory:", config={"memory_limit": memory_limit, "threads": threads})
    try:
        yield connection
    finally:
        connection.close()


def create_records(connection: duckdb.DuckDBPyConnection, records: Records, established: frozenset[str]) -> None:
    """Create `patient_record` with the columns of `splink_sql`; `established` are the model's given names."""
    rows = [to_row(number, record, established) for number, record in records.items()]
    schema = pyarrow.schema([(name, _ARROW[kind]) for name, kind in COLUMNS])
    _create(connection, "patient_record", pyarrow.Table.from_pylist(rows, schema=schema))


def load_records(connection: duckdb.DuckDBPyConnection, records: Records, model: LinkageModel) -> None:
    """Create `patient_record` and both frequency tables of the model, for every name that occurs."""
    create_records(connection, records, model.established_given)
    given = {record.name.given for record in records.values()}
    family = {record.name.family for record in records.values()}
    _create_frequencies(connection, "given", given, model.given_frequencies)
    _create_frequencies(connection, "family", family, model.family_frequencies)


def _create_frequencies(
    connection: duckdb.DuckDBPyConnection, name: str, values: set[str], table: TermFrequencies
) -> None:
    known = sorted(values - {""})
    schema = pyarrow.schema([(name, pyarrow.string()), (f"tf_{name}", pyarrow.float64())])
    shares = [table.frequency(value) for value in known]
    _create(connection, f"frequency_{name}", pyarrow.Table.from_arrays([known, shares], schema=schema))


def _create(connection: duckdb.DuckDBPyConnection, name: str, rows: pyarrow.Table) -> None:
    connection.register("incoming", rows)
    connection.execute(f"create or replace table {name} as select * from incoming")  # noqa: S608 - our own names
    connection.unregister("incoming")


def load_pairs(connection: duckdb.DuckDBPyConnection, pairs: Iterable[tuple[int, int]]) -> None:
    """Create `candidate_pair` from pairs already known, ids ascending in each."""
    lower, upper = zip(*pairs, strict=True)
    table = pyarrow.table({"match_key": ["0"] * len(lower), "join_key_l": lower, "join_key_r": upper})
    _create(connection, "candidate_pair", table)


def block_records(connection: duckdb.DuckDBPyConnection, records: Records) -> int:
    """Create `candidate_pair` from the blocking keys of all records; returns the number of pairs.

    Keys that are not strong and shared by more than `MOST_RECORDS_A_KEY` records are passed over.
    """
    ids, values, strong = [], [], []
    for number, record in records.items():
        for key in blocking_keys(record):
            ids.append(number)
            values.append(f"{key.rule}|{key.value}")
            strong.append(key.strong)
    _create(connection, "blocking_key", pyarrow.table({"record_id": ids, "value": values, "strong": strong}))
    connection.execute(
        "create or replace table useful_key as select value from blocking_key group by value"
        " having count(*) > 1 and (bool_or(strong) or count(*) <= ?)",
        [MOST_RECORDS_A_KEY],
    )
    connection.execute(
        "create or replace table candidate_pair as select distinct '0' as match_key,"
        " a.record_id as join_key_l, b.record_id as join_key_r"
        " from useful_key join blocking_key a using (value) join blocking_key b using (value)"
        " where a.record_id < b.record_id"
    )
    found = connection.execute("select count(*) from candidate_pair").fetchall()
    return int(found[0][0])


def predict(
    connection: duckdb.DuckDBPyConnection, model: LinkageModel, *, least_bits: float | None = None
) -> list[BulkPair]:
    """Score `candidate_pair` over `patient_record` with Splink; ascending ids.

    Pairs under `least_bits` are left out; None keeps all.
    """
    _, scored = _scored(connection, model, least_bits)
    rows = connection.execute(
        f"select unique_id_l, unique_id_r, match_weight from {scored.physical_name} order by 1, 2"  # noqa: S608 - Splink's table
    ).fetchall()
    return [BulkPair(int(left), int(right), float(bits)) for left, right, bits in rows]


def predict_and_cluster(connection: duckdb.DuckDBPyConnection, model: LinkageModel) -> int:
    """Splink by itself, for comparison: predict, then connected components over the automatic threshold.

    Returns the number of clusters of more than one record. The index never works so: see `cluster`.
    """
    linker, scored = _scored(connection, model, model.review_bits)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
        scored, threshold_match_weight=model.automatic_bits
    )
    found = connection.execute(
        f"select count(*) from (select 1 from {clusters.physical_name} group by cluster_id having count(*) > 1)"  # noqa: S608 - Splink's table
    ).fetchall()
    return int(found[0][0])


def _scored(connection: duckdb.DuckDBPyConnection, model: LinkageModel, least_bits: float | None) -> tuple[Linker, Any]:
    api = DuckDBAPI(connection=connection)
    linker = Linker(
        api.register("patient_record"), settings_for(model), log_level=SPLINK_LOG_LEVEL, validate_settings=False
    )
    for name in ("given", "family"):
        linker.table_management.register_term_frequency_lookup(api.register(f"frequency_{name}"), name)
    linker.table_management.register_blocked_pairs_for_predict(api.register("candidate_pair"))
    return linker, linker.inference.predict(threshold_match_weight=least_bits, warning_mode="never")
