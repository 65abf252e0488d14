"""Prepared plans that were made for small tables are made anew while the planner takes the tables for small.

PostgreSQL keeps a plan until its tables are analysed. One that was made while they were empty reads each table from end
to end for every row of a batch, the checks of foreign keys too, until autovacuum comes by: a minute later at best.
"""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

import psycopg

from mpi.models import BlockingKey, GoldenRecord, InboundMessage, Link, SourceRecord

_GROWING = [model._meta.db_table for model in (BlockingKey, GoldenRecord, InboundMessage, Link, SourceRecord)]
_YOUNG = (
    "SELECT 1 FROM unnest(%s::regclass[]) AS growing(name) JOIN pg_class c ON c.oid = growing.name "
    "WHERE c.reltuples < 1000 LIMIT 1"
)
_YOUNG_S, _GROWN_S = 1.0, 60.0
"""Seconds between two looks at what the planner knows, while it takes a table for small and afterwards."""
_due: WeakKeyDictionary[psycopg.Connection[Any], float] = WeakKeyDictionary()


def keep_plans_young(raw: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The connection, its plans forgotten if it is time. Cost: nothing but once a second, or once a minute."""
    if time.monotonic() < _due.get(raw, 0.0) or raw.pgconn.pipeline_status != psycopg.pq.PipelineStatus.OFF:
        return raw
    young = raw.execute(_YOUNG, [_GROWING]).fetchone() is not None
    if young and raw in _due:
        raw.execute("DISCARD PLANS")
    _due[raw] = time.monotonic() + (_YOUNG_S if young else _GROWN_S)
    return raw
