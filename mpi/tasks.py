"""Celery tasks: thin, idempotent, short, ids only. Each calls one service."""

from __future__ import annotations

import gc
import logging

from celery import shared_task
from celery.signals import task_prerun, worker_process_init, worker_ready
from django.core.cache import cache
from django.db import close_old_connections, connections
from django.utils import timezone

from audit.seal import find_strays, seal_all
from mpi.commands import system_actor
from mpi.errors import Busy, ServiceDown
from mpi.queries.health import HEARTBEAT_KEY
from mpi.services.check import check_and_note
from mpi.services.downtime_snapshot import nightly_snapshot
from mpi.services.evaluation import resume_evaluations, run_evaluation
from mpi.services.import_file import finish_jobs
from mpi.services.ingest import ingest
from mpi.services.override_expiry import expire_overrides
from mpi.services.rematch_work import resume_rematches, work_on
from mpi.services.rules_preview import resume_previews, work_on_preview
from mpi.services.rules_run import resume_rules, work_on_rules
from mpi.services.sweep import sweep_inbox
from mpi.services.watch import watch_persons
from review.queries.metrics_duplicates import count_second_numbers

log = logging.getLogger(__name__)
HEARTBEAT_S = 30


@shared_task(name="mpi.ingest")
def ingest_messages(message_ids: list[int]) -> None:
    """Apply these messages. What cannot be applied now waits for the sweep."""
    try:
        ingest(message_ids=message_ids)
    except (Busy, ServiceDown) as error:
        log.warning("%d messages wait for the sweep: %s", len(message_ids), error.code)


@shared_task(name="mpi.evaluate")
def evaluate(request_id: int) -> None:
    """Compute an evaluation that was asked for; the sweep takes up what a dying worker leaves."""
    run_evaluation(request_id)


@shared_task(name="mpi.rematch")
def rematch(run_id: int) -> None:
    """Go on with a rematch run; what is left when the time is up is hinted again."""
    work_on(run_id)


@shared_task(name="mpi.follow_rules")
def follow_rules(activation_id: int) -> None:
    """Make golden records anew that other survivorship rules have chosen; of several activations the newest counts."""
    work_on_rules()


@shared_task(name="mpi.preview_rules")
def preview_rules(preview_id: int) -> None:
    """Compare the golden records with what other survivorship rules would make of them."""
    work_on_preview(preview_id)


@shared_task(name="mpi.expire_overrides")
def expire() -> None:
    """Values of stewards whose time is over stop counting."""
    expire_overrides()


@shared_task(name="mpi.watch_persons")
def watch(whole: bool = False) -> None:
    """Ask stewards about persons that hold one number and about those with too many records; close what is over."""
    watched = watch_persons(whole=whole)
    if watched.waiting:
        log.warning("more persons are to be looked at than one run asks about; the next run goes on")


@shared_task(name="mpi.sweep_inbox")
def sweep() -> None:
    """Apply what hints left behind; close the jobs that are done; take up longer work that nobody works on."""
    sweep_inbox()
    finish_jobs(system_actor("sweep"))
    resume_evaluations()
    resume_rematches()
    resume_rules()
    resume_previews()


@shared_task(name="mpi.count_second_numbers")
def count_duplicates() -> None:
    """Count, for the supervisor's page, how many people were given a second number by a source that knew them."""
    count_second_numbers(now=timezone.now())


@shared_task(name="mpi.seal_audit")
def seal_audit() -> None:
    """Seal the audit events that wait."""
    seal_all()


@shared_task(name="mpi.find_audit_strays")
def find_audit_strays() -> None:
    """Look for audit events that are neither pending nor sealed."""
    strays = find_strays()
    if strays:
        log.error("%d audit events are neither pending nor sealed; the first is %s", len(strays), strays[0][1])


@shared_task(name="mpi.check_index")
def check_index() -> None:
    """Check the invariants of the index; the outcome stands in the audit log."""
    report = check_and_note(actor=system_actor("checkindex"))
    if not report.is_clean:
        log.error("invariants that do not hold: %s; run manage.py checkindex", ", ".join(report.broken))


@shared_task(name="mpi.downtime_snapshot")
def downtime_snapshot() -> None:
    """Seal the nightly snapshot for the look-up during downtime; the oldest ones go."""
    nightly_snapshot()


@shared_task(name="mpi.heartbeat")
def heartbeat() -> None:
    """Tell the dashboard that a worker works."""
    cache.set(HEARTBEAT_KEY, timezone.now(), timeout=HEARTBEAT_S)


@worker_process_init.connect
def _own_connections(**_: object) -> None:
    """A forked worker must not share its parent's database connection.

    A batch makes a hundred thousand objects and no ring among them: to look for rings all the time costs an eighth.
    """
    connections.close_all()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@task_prerun.connect
def _look_after_connections(**_: object) -> None:
    """As at the beginning of a request: a broken connection is closed, and a kept one is tried before it is used."""
    close_old_connections()


@worker_ready.connect
def _announce(**_: object) -> None:
    heartbeat()
