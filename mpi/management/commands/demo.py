"""`demo`: a newcomer's first five minutes."""

from __future__ import annotations

import json
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.seal import seal_all
from mpi.commands import Actor, system_actor
from mpi.errors import MpiError
from mpi.management import demo, programs
from mpi.management.commands.up import check_port
from mpi.management.demo_story import story, tell_story
from mpi.management.progress import progress_bar
from mpi.management.waiting import wait_for_job
from mpi.services.evaluation import evaluate_index, read_truth
from mpi.services.import_file import read_file, start_import, survey


class Command(BaseCommand):
    help = (
        "Load 10,000 synthetic records of four source systems, match them through Celery workers, and serve the site."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--once", action="store_true", help="print a JSON summary as the last line and exit")
        parser.add_argument("--records", type=int, default=demo.RECORDS, help="size of the town (default: %(default)s)")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 2, help="Celery worker processes")

    def handle(self, *, port: int, once: bool, records: int, workers: int, **options: object) -> None:
        self.seconds: dict[str, float] = {}
        actor = system_actor("demo", source="command")
        if not once:
            check_port("127.0.0.1", port)
        try:
            truth = self.load(actor, workers, size=records)
            summary = self.summary(truth)
        except MpiError as error:
            raise CommandError(error.detail) from error
        if once:
            self.stdout.write(json.dumps(summary))
            return
        self.tell(summary, actor, port)
        call_command("up", port=port, workers=workers)

    def load(self, actor: Actor, workers: int, *, size: int) -> Path:
        """Everything up to a matched, sealed index. Returns the truth file."""
        with self.stage("start"):
            call_command("migrate", verbosity=0, interactive=False)
            demo.refuse_real_data()
            demo.register_systems(actor)
            demo.sign_ins(actor)
            demo.token_file(actor)
        with self.stage("generate"):
            records, truth = demo.population(records=size)
        # Before the town: what happened earlier is recorded earlier.
        with self.stage("story"), progress_bar("A month", len(story(timezone.now()))) as advance:
            tell_story(demo.folder(), actor=actor, advance=advance)
        total, _ = survey(records)
        job = start_import(records, total=total, actor=actor)
        with programs.worker_pool(workers, say=self.stderr.write):
            with self.stage("receive"), progress_bar("Reading ", total) as advance:
                job = read_file(records, job, actor=actor, advance=advance)
            with self.stage("match"):
                job = wait_for_job(job, actor=actor)
        with self.stage("seal"):
            seal_all()
        if job.counts.get("unchanged") == total:
            self.stderr.write("Nothing changed: the demonstration was loaded before.")
        return truth

    def summary(self, truth: Path) -> dict[str, object]:
        with self.stage("evaluate"):
            now, _ = evaluate_index(read_truth(truth))
        return {
            **demo.counts(),
            "pairwise_precision": round(now.precision.value, 6),
            "pairwise_recall": round(now.recall.value, 6),
            "seconds_by_stage": self.seconds,
        }

    def tell(self, summary: dict[str, object], actor: Actor, port: int) -> None:
        """What there is to see, and how to get in."""
        say = self.stderr.write
        say(
            f"\n{summary['records']:,} source records, {summary['golden_records']:,} golden records, "
            f"{summary['potential_matches']:,} potential matches to review."
        )
        say(f"\nOpen http://127.0.0.1:{port}/ and sign in as\n")
        for username, password in demo.sign_ins(actor).items():
            say(f"    {username:<11} {password}")
        say(f"\nThe token for the API is in {demo.token_file(actor)}. Ctrl-C ends the demonstration.\n")

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 2)
