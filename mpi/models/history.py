"""How tracked models keep their history: django-simple-history with text copies of the actor."""

from __future__ import annotations

from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords


class HistoryRow(models.Model):
    """What every history row says besides the values: whose act, under which correlation id."""

    history_correlation_id = models.UUIDField(null=True)

    class Meta:
        abstract = True


def _actor_of(history_row: Any) -> str | None:
    return history_row.history_user_id  # type: ignore[no-any-return]


def _set_actor(history_row: Any, actor: str | None) -> None:
    history_row.history_user_id = actor


def _nobody(*_: Any, **__: Any) -> None:
    """The actor is set by `mpi.services.history`, never guessed from a request."""


def tracked(*names: str) -> HistoricalRecords:
    """History with a 64-bit key, the actor as text and no foreign key out.

    It is read by the id of the row alone: the fields in `names`, which Django would index, need no index of theirs.
    """
    return HistoricalRecords(
        history_id_field=models.BigAutoField(primary_key=True),
        history_user_id_field=models.CharField(max_length=120, null=True),
        history_user_getter=_actor_of,
        history_user_setter=_set_actor,
        get_user=_nobody,
        bases=[HistoryRow],
        no_db_index=list(names),
    )
