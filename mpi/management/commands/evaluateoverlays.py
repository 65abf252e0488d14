"""`evaluateoverlays`: swapped patients that are noticed, and ordinary updates that are held back for nothing."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand

from matching.evaluate import Share
from mpi.management.overlay_detection import OverlayDetection, measure
from mpi.management.progress import progress_bar
from mpi.synthetic.prevalence import prevalence_hash


class Command(BaseCommand):
    help = (
        "Measure overlay detection on seeded updates: another patient's details under a known number, by kind, and "
        "ordinary updates. In memory; no index is read or changed."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same cases (default 1)")
        parser.add_argument("--swaps", type=_count, default=2_000, help="swaps of each kind (default 2,000)")
        parser.add_argument("--updates", type=_count, default=20_000, help="ordinary updates (default 20,000)")
        parser.add_argument("--json", action="store_true", help="print a JSON summary as the last line")

    def handle(self, *, seed: int, swaps: int, updates: int, json: bool, **options: Any) -> None:
        with progress_bar("Updates judged", 4 * swaps + updates) as advance:
            found = measure(seed=seed, each=swaps, ordinary=updates, advance=advance)
        self._print(found)
        if json:
            self.stdout.write(jsonlib.dumps({"seed": seed, "prevalence_sha256": prevalence_hash(), **_document(found)}))

    def _print(self, found: OverlayDetection) -> None:
        say = self.stdout.write
        say("Another patient under a known number: quarantined")
        for kind in found.swapped:
            say(f"    {kind:<24} {_told(found.held(kind))}")
        say("Ordinary updates: quarantined for nothing")
        for kind in found.ordinary:
            say(f"    {kind:<24} {_told(found.held(kind))}")
        say(f"    {'all of them':<24} {_told(found.false_alarms)}")
        say(f"    {'applied, then looked at':<24} {_told(found.reviewed)}")
        for bar, met in found.bars.items():
            say(f"{'met' if met else 'MISSED':<8} {bar}")


def _document(found: OverlayDetection) -> dict[str, object]:
    return {
        "swaps": {kind: _share(found.held(kind)) | {"verdicts": dict(found.swapped[kind])} for kind in found.swapped},
        "ordinary": {
            kind: _share(found.held(kind)) | {"verdicts": dict(found.ordinary[kind])} for kind in found.ordinary
        },
        "false_quarantine": _share(found.false_alarms),
        "applied_with_a_task": _share(found.reviewed),
        "bars": found.bars,
        "all_met": all(found.bars.values()),
    }


def _share(share: Share) -> dict[str, object]:
    return {"hits": share.hits, "of": share.of, "value": share.value, "interval": list(share.interval)}


def _told(share: Share) -> str:
    low, high = share.interval
    return f"{share.value:.4f}  (95 % interval {low:.4f} to {high:.4f}; {share.hits:,} of {share.of:,})"


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise ArgumentTypeError("must be a whole number between 1 and 1,000,000")
    return int(text)
