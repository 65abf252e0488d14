"""`modelcard`: the model card of a linkage model version as Markdown."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from mpi.commands import system_actor
from mpi.errors import MpiError
from mpi.services.model_card import write_model_card


class Command(BaseCommand):
    help = (
        "Write the model card of a linkage model: algorithm, weights, thresholds with their justification, policy, "
        "training data, stored evaluations, limits, changes, approval. The page Matching prints the same as PDF."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="the Markdown file to write")
        parser.add_argument("--model", help="name of a version (default: the active one)")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(self, *, out: Path, model: str | None, json: bool, **options: object) -> None:
        try:
            card = write_model_card(out, actor=system_actor("modelcard", source="command"), name=model or "")
        except MpiError as error:
            raise CommandError(error.detail) from error
        self.stderr.write(f"Wrote the model card of {card.version} to {out}.")
        if json:
            told = {"version": card.version, "content_hash": card.content_hash, "out": str(out)}
            self.stdout.write(jsonlib.dumps(told))
