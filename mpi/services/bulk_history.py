"""History rows of a bulk load that say what the rows themselves say: made of them in the database, once they stand.

The latest version of a row is the row. Versions before it are written as they come about (`bulk_rows`). PostgreSQL
copies a row in a quarter of the time that it takes to read it a second time from text.
"""

from __future__ import annotations

from django.db import models

from mpi.commands import system_actor
from mpi.models import GoldenRecord, Link, SourceRecord
from mpi.services.bulk_frame import Frame
from mpi.services.bulk_writer import Statement
from mpi.services.rows import table_of

_ACTOR = system_actor("matching").id
_LATEST: dict[type[models.Model], tuple[str, str]] = {
    SourceRecord: ("t.recorded_at", "'+'"),
    GoldenRecord: ("t.recorded_at", "CASE WHEN t.version = 1 THEN '+' ELSE '~' END"),
    # one that was ended in the batch that opened it has no version before that
    Link: ("coalesce(t.ended_at, t.opened_at)", "CASE WHEN t.ended_at > t.opened_at THEN '~' ELSE '+' END"),
}
"""When the latest version of a row came to be, and whether it is the first ("+") or a later one ("~")."""


def latest_versions(model: type[models.Model], frame: Frame, *, first: int) -> Statement:
    """The statement that writes the latest version of all rows of the load; `first` is the lowest key of them."""
    own, history = table_of(model), table_of(model.history.model)  # type: ignore[attr-defined]  # simple-history's
    date, kind = _LATEST[model]
    columns = ", ".join(own.columns)
    told = ", ".join(f"t.{column}" for column in own.columns)
    statement = (
        f"INSERT INTO {history.name} ({columns}, history_date, history_type, history_user_id, history_correlation_id)"  # noqa: S608  # names of our own models
        f" SELECT {told}, {date}, {kind}, %s, %s FROM {own.name} t WHERE t.id >= %s"
    )
    return statement, (_ACTOR, frame.correlation_id, first)
