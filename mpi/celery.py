"""Celery as muscle: tasks are hints, PostgreSQL is the queue of truth (DESIGN §5)."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mpi.settings")

app = Celery("mpi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # Celery would close the database connection before and after every task: to open one, to take our role and to plan
    # every statement anew costs more than the smaller half of a batch. `tasks._look_after_connections` minds them.
    CELERY_DB_REUSE_MAX=1_000_000,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 120,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        # Who sends a hint does not wait for a broker that is away: the sweep finds the messages.
        "max_retries": 1,
        "interval_start": 0.1,
    },
    worker_cancel_long_running_tasks_on_connection_loss=True,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1},
    beat_schedule={
        "sweep the inbox": {"task": "mpi.sweep_inbox", "schedule": 5.0, "options": {"expires": 5}},
        "seal the audit log": {"task": "mpi.seal_audit", "schedule": 2.0, "options": {"expires": 2}},
        "worker heartbeat": {"task": "mpi.heartbeat", "schedule": 10.0, "options": {"expires": 10}},
        "end expired overrides": {"task": "mpi.expire_overrides", "schedule": 30.0, "options": {"expires": 30}},
        "watch over persons": {"task": "mpi.watch_persons", "schedule": 60.0, "options": {"expires": 60}},
        "count second numbers": {"task": "mpi.count_second_numbers", "schedule": 3_600.0},
        "look for unsealed strays": {"task": "mpi.find_audit_strays", "schedule": 86_400.0},
        "make the downtime snapshot": {
            "task": "mpi.downtime_snapshot",
            "schedule": crontab(hour=1, minute=30),
            "options": {"expires": 3600},
        },
        # At night, UTC; one that cannot be begun within the hour is left to the next night.
        "check the invariants": {
            "task": "mpi.check_index",
            "schedule": crontab(hour=2, minute=30),
            "options": {"expires": 3600},
        },
        "watch over all persons": {
            "task": "mpi.watch_persons",
            "schedule": crontab(hour=2, minute=10),
            "kwargs": {"whole": True},
            "options": {"expires": 3600},
        },
    },
)
app.autodiscover_tasks(["mpi"])
