"""The one file that hands work to Celery, by task name and after the commit. A hint may be lost: the sweep finds it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def hint(message_ids: Sequence[int]) -> None:
    """Tell the workers, once this transaction is committed, that these messages wait."""
    transaction.on_commit(partial(_send, list(message_ids)))


def _send(message_ids: list[int]) -> None:
    try:
        current_app.send_task("mpi.ingest", args=[message_ids], ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("the broker did not take a hint (%s): the sweep will find the messages", type(error).__name__)
