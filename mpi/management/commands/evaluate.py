"""`evaluate`: how right the index is, against a truth file."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from mpi.services.evaluation import evaluate_index, read_truth


class Command(BaseCommand):
    help = "Compare the persons of the index with a truth file (source_system,mrn,person_id)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--truth", type=Path, required=True, help="CSV with source_system,mrn,person_id")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(self, *, truth: Path, json: bool, **options: object) -> None:
        now, reviewed = evaluate_index(read_truth(truth))
        told = now.to_document() | {"pairwise_f1_after_review": reviewed.f1}
        if json:
            self.stdout.write(jsonlib.dumps(told))
            return
        low, high = now.precision.interval
        self.stdout.write(f"Records compared      {now.records:,}")
        self.stdout.write(f"Pairwise precision    {now.precision.value:.5f}  (95 % interval {low:.5f} to {high:.5f})")
        low, high = now.recall.interval
        self.stdout.write(f"Pairwise recall       {now.recall.value:.5f}  (95 % interval {low:.5f} to {high:.5f})")
        self.stdout.write(f"F1, after review      {now.f1:.5f}, {reviewed.f1:.5f}")
        merges = f"{now.false_merges:,} ({now.false_merges_per_million:,.0f} per million records)"
        self.stdout.write(f"False merges          {merges}")
        self.stdout.write(f"Records in review     {now.in_review.hits:,} ({now.in_review.value:.2%})")
