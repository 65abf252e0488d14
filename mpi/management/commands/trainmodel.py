"""`trainmodel`: a linkage model from the records of the index, as a draft."""

from __future__ import annotations

import json as jsonlib
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mpi.errors import MpiError
from mpi.management.persons import actor_at_command_line
from mpi.management.progress import progress_bar
from mpi.services.model_records import indexed_records
from mpi.services.model_train import LARGEST_SAMPLE, Trained, TrainingOrder, train_model


class Command(BaseCommand):
    help = (
        "Train a linkage model by Splink (u by random sampling, m by expectation maximisation) on the records of the "
        "index. The result is a draft: another person approves it, then it can be activated (see linkagemodel)."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Here --version is that of the model, not Django's."""
        return super().create_parser(prog_name, subcommand, **{**kwargs, "conflict_handler": "resolve"})

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--version", required=True, help="name of the new version")
        parser.add_argument("--justification", required=True, help="why a model is trained, and why it will be right")
        parser.add_argument("--seed", type=int, default=1, help="the same index and seed give the same sample")
        parser.add_argument(
            "--mode",
            choices=("strict", "balanced"),
            help="policy of the new version; strict links no namesakes (default: as the active version)",
        )
        parser.add_argument(
            "--sample",
            type=int,
            default=LARGEST_SAMPLE,
            help=f"records to train on at the most, whole persons at a time (default {LARGEST_SAMPLE:,})",
        )
        parser.add_argument(
            "--labels", action="store_true", help="let the standing answers of stewards correct what was learned"
        )
        parser.add_argument("--user", dest="username", default="", help="the author: a user, who gives a password")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(self, *, username: str, json: bool, **options: Any) -> None:
        began = time.monotonic()
        order = TrainingOrder(
            version=options["version"],
            justification=options["justification"],
            seed=options["seed"],
            mode=options["mode"],
            sample=options["sample"],
            labels=options["labels"],
        )
        try:
            actor = actor_at_command_line("trainmodel", username)
            with progress_bar("Reading records", min(order.sample, indexed_records())) as advance:
                trained = train_model(order=order, actor=actor, tell=self.stage, advance=advance)
        except MpiError as error:
            flaws = [f"{flaw.field} {flaw.problem}: {flaw.mend}." for flaw in error.flaws]
            raise CommandError("\n".join([error.detail, *flaws])) from error
        summary = _summary(trained) | {"seconds": round(time.monotonic() - began, 1)}
        self.report(summary)
        if json:
            self.stdout.write(jsonlib.dumps(summary))

    def stage(self, words: str) -> None:
        """One line for each stage, on standard error."""
        self.stderr.write(f"Training: {words}")

    def report(self, summary: dict[str, Any]) -> None:
        name = summary["version"]
        self.stderr.write(
            f"Drafted {name} on {summary['records']:,} of {summary['index_records']:,} records in "
            f"{summary['seconds']} s. Levels: {_counts(summary['levels_by_origin'])}."
        )
        self.stderr.write(f"Look at it: manage.py linkagemodel compare {name}. Another person approves it.")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {origin}" for origin, count in sorted(counts.items()))


def _summary(trained: Trained) -> dict[str, Any]:
    model = trained.model
    return {
        "version": model.version,
        "status": str(trained.version.status),
        "content_hash": model.content_hash,
        "records": trained.records,
        "index_records": trained.index_records,
        "prior": model.prior,
        "mode": model.policy.mode,
        "sessions": model.training["sessions"],
        "labels": model.training.get("labels"),
        "levels_by_origin": model.evaluation["levels_by_origin"],
        "evaluation": dict(model.evaluation),
        "fingerprint": model.training["fingerprint"],
    }
