"""One record against a hundred candidates: our scorer beside Splink's own real-time call, on the same candidates."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

import duckdb
import pyarrow  # type: ignore[import-untyped]  # it ships no types
from splink import DuckDBAPI
from splink.internals.realtime import compare_records

from matching.model import LinkageModel
from matching.records import StandardRecord
from matching.score import score
from matching.splink_bridge import Settings, bulk_connection, load_records, settings_for

CANDIDATES = 100
_REPEATS = 30
_SUBJECTS = 10
_CACHE_KEY = "benchmark"
_SUBJECT_ID = 0


def compare_scorers(
    subjects: Sequence[StandardRecord], candidates: Sequence[StandardRecord], model: LinkageModel
) -> dict[str, Any]:
    """Median milliseconds of both for 1 × 100, and the largest difference of their bits over all pairs.

    Each begins with records in memory in the form it likes best (Splink: Arrow tables, made before) and ends with
    bits in Python. Splink's SQL is built once and cached, as its documentation advises for real-time use: one call for
    all hundred pairs. Its other way (`Linker.inference.score_pairs`, once `compare_two_records`) builds its SQL anew
    for every call and took more than twice as long where both were measured.
    """
    chosen = candidates[:CANDIDATES]
    settings = settings_for(model)
    ours, theirs, apart = [], [], 0.0
    with bulk_connection() as database:
        right = _table(database, dict(enumerate(chosen, start=1)), model)
        api = DuckDBAPI(connection=database)
        for subject in subjects[:_SUBJECTS]:
            own_ms, own = _timed(partial(_score_ours, subject, chosen, model))
            left = _table(database, {_SUBJECT_ID: subject}, model)
            splink_ms, told = _timed(partial(_score_splink, left, right, settings, api))
            ours.append(own_ms)
            theirs.append(splink_ms)
            apart = max(apart, *(abs(own[number] - bits) for number, bits in told.items()))
    return {
        "scoring_pairs": len(chosen),
        "scoring_ms": round(median(ours), 3),
        "splink_realtime_ms": round(median(theirs), 3),
        "scoring_speedup_vs_splink": round(median(theirs) / median(ours), 1),
        "scoring_largest_difference_bits": apart,
    }


def _timed(act: Callable[[], Mapping[int, float]]) -> tuple[float, Mapping[int, float]]:
    """Median milliseconds of several runs after one that warms up, and the result."""
    result = act()
    took = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - began))
    return median(took), result


def _score_ours(
    subject: StandardRecord, candidates: Sequence[StandardRecord], model: LinkageModel
) -> Mapping[int, float]:
    return {number: score(subject, candidate, model).bits for number, candidate in enumerate(candidates, start=1)}


def _score_splink(left: pyarrow.Table, right: pyarrow.Table, settings: Settings, api: DuckDBAPI) -> Mapping[int, float]:
    scored = compare_records(left, right, settings, api, sql_cache_key=_CACHE_KEY)
    rows = scored.as_record_list()
    return {int(row["unique_id_r"]): float(row["match_weight"]) for row in rows}


def _table(
    database: duckdb.DuckDBPyConnection, records: Mapping[int, StandardRecord], model: LinkageModel
) -> pyarrow.Table:
    """Records with the frequencies of their names, which the real-time call wants beside them."""
    load_records(database, records, model)
    return database.sql(
        "select p.*, g.tf_given, f.tf_family from patient_record p"
        " left join frequency_given g using (given) left join frequency_family f using (family)"
    ).to_arrow_table()
