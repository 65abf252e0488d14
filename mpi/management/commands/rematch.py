"""`rematch`: the whole index again under a linkage model; first as a difference, then for good, then back."""

from __future__ import annotations

import json as jsonlib
import resource
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mpi.errors import MpiError
from mpi.management.persons import actor_at_command_line
from mpi.management.progress import progress_bar
from mpi.models import RematchRun
from mpi.queries.rematch import difference, runs, samples, summary
from mpi.services.rematch import preview_rematch
from mpi.services.rematch_apply import approve_rematch, continue_applying, start_applying
from mpi.services.rematch_run import Tell, find_run
from mpi.services.rematch_undo import continue_undoing, start_undoing


class Command(BaseCommand):
    help = (
        "Compare the index with what a linkage model would make of it now. Nothing changes until a run is approved "
        "by a second person and applied; human decisions and separations always stand. A stopped run goes on when "
        "it is told again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", default="", help="name of an approved model version; by default the active one")
        acts = parser.add_mutually_exclusive_group()
        acts.add_argument("--dry-run", action="store_true", help="only compare and show the difference (the default)")
        acts.add_argument("--show", metavar="RUN", help="show the difference of a run again")
        acts.add_argument("--approve", metavar="RUN", help="let a run be applied; needs --user, who did not start it")
        acts.add_argument("--apply", metavar="RUN", help="apply an approved run, or go on with it")
        acts.add_argument("--undo", metavar="RUN", help="undo a run, or go on with that")
        acts.add_argument("--list", action="store_true", help="list the runs")
        parser.add_argument(
            "--user", default="", help="act as this user, who gives a password; by default the command itself"
        )
        parser.add_argument("--note", default="", help="a word on why, kept with the run")
        parser.add_argument("--json", action="store_true", help="print one JSON line at the end")

    def handle(self, **options: Any) -> None:
        began = time.monotonic()
        try:
            told = self.run(options)
        except MpiError as error:
            flaws = [f"{flaw.field} {flaw.problem}: {flaw.mend}" for flaw in error.flaws]
            raise CommandError("\n".join([error.detail, *flaws])) from error
        told["seconds"] = round(time.monotonic() - began, 2)
        told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if options["json"]:
            self.stdout.write(jsonlib.dumps(told))

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        actor = actor_at_command_line("rematch", options["user"])
        if options["list"]:
            return self.list_runs()
        if options["show"]:
            return self.show(find_run(options["show"]))
        if options["approve"]:
            if not options["user"]:
                raise CommandError("A person must approve a rematch: say who with --user NAME. Nothing was changed.")
            return self.show(approve_rematch(run_uuid=options["approve"], actor=actor))
        if options["apply"]:
            run = start_applying(run_uuid=options["apply"], actor=actor, by_worker=False)
            with _bars() as tell:
                continue_applying(run, source="command", tell=tell)
            return self.show_outcome(find_run(run.uuid))
        if options["undo"]:
            run = start_undoing(run_uuid=options["undo"], reason=options["note"], actor=actor, by_worker=False)
            with _bars() as tell:
                continue_undoing(run, source="command", tell=tell)
            return self.show_outcome(find_run(run.uuid))
        with _bars() as tell:
            run = preview_rematch(model_name=options["model"], actor=actor, words=options["note"], tell=tell)
        return self.show(run)

    # -- what is printed: keys, codes and figures only --------------------------------------------------

    def list_runs(self) -> dict[str, Any]:
        found = [summary(run) for run in runs()]
        for told in found:
            self.stdout.write(
                f"{told['run'][:8]}  {told['started_at'][:16]}  {told['status']:<11} {told['model']:<24} "
                f"{told['records']:>11,} records  {told['changes']:>8,} changes"
            )
        if not found:
            self.stdout.write("No rematch was ever run. “manage.py rematch” compares the index with the active model.")
        return {"runs": found}

    def show(self, run: RematchRun) -> dict[str, Any]:
        told = summary(run)
        self.stdout.write(
            f"Run {run.uuid} ({run.status}) under model {run.model_version.name}: "
            f"{run.records:,} records compared, {run.links_changed:,} links would change; "
            f"the pairs of records that are one person agree to {told['agreement']:.2%}."
        )
        rows = difference(run)
        if not any(row.total for row in rows):
            self.stdout.write("No difference: the index is as this model would have it.")
        for row in rows:
            by_grade = ", ".join(f"{count:,} {grade}" for grade, count in row.grades if count)
            self.stdout.write(f"  {row.words:<44} {row.total:>9,}  {by_grade}")
            for change in samples(run, row.kind):
                self.stdout.write(f"      {change.line}")
        return told

    def show_outcome(self, run: RematchRun) -> dict[str, Any]:
        told = summary(run)
        self.stdout.write(f"Run {run.uuid} is {run.status}: {told['applied']:,} applied, {told['undone']:,} undone.")
        for words, count in told["skipped"].items():
            self.stdout.write(f"  skipped {count:,}: {words}")
        for refusal in told["refused"]:
            self.stdout.write(f"  not undone, change {refusal['number']}: {refusal['reason']}")
        return told


@contextmanager
def _bars() -> Iterator[Tell]:
    """One bar a stage."""
    state: dict[str, Any] = {"stage": "", "done": 0, "advance": None, "bar": None}

    def close() -> None:
        if state["bar"] is not None:
            state["bar"].__exit__(None, None, None)

    def tell(stage: str, done: int, total: int) -> None:
        if stage != state["stage"]:
            close()
            bar = progress_bar(stage.capitalize(), total)
            advance: Callable[[int], None] = bar.__enter__()
            state.update(stage=stage, done=0, advance=advance, bar=bar)
        state["advance"](done - state["done"])
        state["done"] = done

    try:
        yield tell
    finally:
        close()
