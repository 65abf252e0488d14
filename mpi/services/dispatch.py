"""The one file that hands work to Celery, by task name and after the commit. A hint may be lost: the sweep finds it.

Housekeeping (the sweep, the sealer, the heartbeat) goes first, single messages next, files last: a large
import must not hold up a registration desk, nor the audit log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError

from mpi.celery import app  # by name: Celery's "current" app is another one in a process that is no worker

log = logging.getLogger(__name__)
# Redis priorities: 0 is served first, and is what a task has that names none (all of beat's).
_SINGLE, _MANY = 3, 6
# Each attempt on a broker that is away takes a moment; thousands of them in a row would stop an import.
_SPARED_S = 5.0
_spared_until = 0.0


def hint(message_ids: Sequence[int]) -> None:
    """Tell the workers, once this transaction is committed, that these messages wait."""
    transaction.on_commit(partial(_send, list(message_ids)))


def hint_evaluation(request_id: int) -> None:
    """Tell a worker, once this transaction is committed, that this evaluation waits."""
    transaction.on_commit(partial(_send_task, "mpi.evaluate", request_id, _MANY))


def hint_rematch(run_id: int) -> None:
    """Tell a worker, once this transaction is committed, that there is work on this rematch run."""
    transaction.on_commit(partial(_send_task, "mpi.rematch", run_id, _MANY))


def hint_rules(activation_id: int) -> None:
    """Tell a worker, once this transaction is committed, that golden records are to be made anew."""
    transaction.on_commit(partial(_send_task, "mpi.follow_rules", activation_id, _MANY))


def hint_preview(preview_id: int) -> None:
    """Tell a worker, once this transaction is committed, that this preview of survivorship rules waits."""
    transaction.on_commit(partial(_send_task, "mpi.preview_rules", preview_id, _MANY))


def _send(message_ids: list[int]) -> None:
    _send_task("mpi.ingest", message_ids, _SINGLE if len(message_ids) == 1 else _MANY)


def _send_task(name: str, argument: list[int] | int, priority: int) -> None:
    global _spared_until
    if time.monotonic() < _spared_until:
        return
    try:
        app.send_task(name, args=[argument], ignore_result=True, retry=False, priority=priority)
    except (OperationalError, OSError) as error:
        _spared_until = time.monotonic() + _SPARED_S
        log.warning("the broker did not take a hint (%s): the sweep will find what waits", type(error).__name__)
