"""`evaluate`: how right the index is, against a truth file or the decisions of stewards."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mpi.commands import system_actor
from mpi.errors import MpiError
from mpi.management.progress import progress_bar
from mpi.models import EvaluationRun, Link, LinkageModelVersion
from mpi.services.evaluation import read_truth, run_evaluation, start_evaluation
from mpi.services.evaluation_truth import notices

_BANDS = {"certain": "automatic", "probable": "probable", "possible": "possible", "certainly-not": "below"}


class Command(BaseCommand):
    help = (
        "Score every candidate pair again and hold the index against a truth file (source_system,mrn,person_id) "
        "or against what stewards decided. The figures are stored: see the page Evaluation."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        against = parser.add_mutually_exclusive_group(required=True)
        against.add_argument("--truth", type=Path, help="CSV with source_system,mrn,person_id")
        against.add_argument("--from-decisions", action="store_true", help="against what stewards decided")
        parser.add_argument("--model", help="name of a linkage model version (default: the active one)")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(
        self, *, truth: Path | None, from_decisions: bool, model: str | None, json: bool, **options: object
    ) -> None:
        try:
            run = self._run(truth, model)
        except MpiError as error:
            raise CommandError(_told(error)) from error
        if json:
            self.stdout.write(jsonlib.dumps({**_flat(run.figures), "run": str(run.uuid), "figures": run.figures}))
        else:
            self._print(run)

    def _run(self, truth: Path | None, model: str | None) -> EvaluationRun:
        known = read_truth(truth) if truth else None
        for words in notices(known) if known else ():
            self.stderr.write(words)
        request = start_evaluation(
            actor=system_actor("evaluate", source="command"),
            truth=known,
            truth_name=truth.name if truth else "",
            version_id=_version_id(model),
            by_worker=False,
        )
        records = Link.objects.filter(ended_at__isnull=True).count()
        with progress_bar("Records read, then compared", 2 * records) as advance:
            run = run_evaluation(request.pk, advance=advance)
        if run is None:
            request.job.refresh_from_db()
            raise CommandError(
                request.job.error or "Another process took the evaluation over; see the page Evaluation."
            )
        return run

    def _print(self, run: EvaluationRun) -> None:
        figures = run.figures
        say = self.stdout.write
        say(f"Records in the index  {figures['records']['index']:,}, judged {figures['records']['judged']:,}")
        if persons := figures["persons"]:
            say(f"Pairwise precision    {_share(persons['precision'])}")
            say(f"Pairwise recall       {_share(persons['recall'])}")
            say(f"F1, after review      {_plain(persons['f1'])}, {_plain(persons['f1_after_review'])}")
            say(f"Exact persons         {_share(persons['exact_persons'])}; F1 {persons['persons_f1']:.5f}")
            merges, per_million = persons["false_merges"], _per_million(persons)
            say(f"False merges          {merges:,} ({per_million:,.0f} per million records)")
        if decisions := figures["decisions"]:
            told = f"{decisions['labels']:,}: {decisions['same']:,} same, {decisions['different']:,} different"
            say(f"Standing decisions    {told}")
            linked = decisions["links"]
            say(f"Automatic links       {linked['pairs']:,}, judged {linked['judged']:,}, wrong {linked['wrong']:,}")
        say(f"Records in review     {_share(figures['review'])}")
        for grade, band in figures["pairs"]["bands"].items():
            told = f"{band['pairs']:,} pairs, {band['judged']:,} judged"
            say(f"Band {_BANDS[grade]:<16} {told}; one person {_share(band['one_person'])}")
        calibration = figures["pairs"]["calibration"]["free"]
        if calibration["pairs"]:
            error, brier = calibration["expected_calibration_error"], calibration["brier"]
            say(f"Calibration           error {error:.4f}, Brier {brier:.4f}, {calibration['pairs']:,} uncapped pairs")
        if blocking := figures["pairs"]["blocking"]:
            say(f"Blocking recall       {_share(blocking['found'])}")
        say(f"Stored as run {run.uuid}, {run.seconds:.1f} s.")


def _version_id(name: str | None) -> int | None:
    if name is None:
        return None
    found = LinkageModelVersion.objects.filter(name=name).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"There is no linkage model {name}.")
    return found


def _told(error: MpiError) -> str:
    lines = [error.detail]
    lines += [
        f"  line {flaw.line}, column {flaw.column}: {flaw.field} {flaw.problem}; {flaw.mend}"
        if flaw.line
        else f"  {flaw.field} {flaw.problem}; {flaw.mend}"
        for flaw in error.flaws
    ]
    return "\n".join(lines)


def _share(share: Mapping[str, Any]) -> str:
    if not share["of"]:
        return "not known"
    low, high = share["interval"]
    return f"{share['value']:.5f}  (95 % interval {low:.5f} to {high:.5f}; {share['hits']:,} of {share['of']:,})"


def _plain(value: float | None) -> str:
    return "not known" if value is None else f"{value:.5f}"


def _per_million(persons: Mapping[str, Any]) -> float:
    return 1e6 * (persons["false_merges_per_record"]["value"] or 0.0)


def _flat(figures: Mapping[str, Any]) -> dict[str, object]:
    """The figures that other programs read by name."""
    told: dict[str, object] = {
        "records": figures["records"]["judged"],
        "records_in_review": figures["review"]["hits"],
        "share_in_review": figures["review"]["value"],
    }
    if persons := figures["persons"]:
        for name, share in (("precision", persons["precision"]), ("recall", persons["recall"])):
            told[f"pairwise_{name}"] = share["value"]
            told[f"pairwise_{name}_interval"] = share["interval"]
        told |= {
            "pairwise_f1": persons["f1"],
            "pairwise_f1_after_review": persons["f1_after_review"],
            "exact_persons": persons["exact_persons"]["value"],
            "persons_f1": persons["persons_f1"],
            "false_merges": persons["false_merges"],
            "false_merges_per_million": _per_million(persons),
        }
    if blocking := figures["pairs"]["blocking"]:
        told["blocking_recall"] = blocking["found"]["value"]
    return told
