"""`verifyaudit`: has anybody altered the audit log? Works on the database, or offline on an export."""

from __future__ import annotations

import json as jsonlib
import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from audit.actions import Action
from audit.checkpoint import load_public_key
from audit.record import entry_by, record
from audit.seal import InconsistentLog, seal_all
from audit.verify import verify_database
from audit.verify_export import NotAnExport, verify_export
from mpi.commands import system_actor

NAMED = 50
"""Findings written out one by one; --json gives more."""


class Command(BaseCommand):
    help = (
        "Recompute the sealed audit log and compare it with its signed checkpoints. Exit status 1 when it was altered."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--export", type=Path, help="verify this NDJSON export instead of the database (offline)")
        parser.add_argument("--public-key", type=Path, help="PEM file of the log's public key (your own copy)")
        parser.add_argument("--checkpoints", type=Path, help="file of published checkpoints (your own copy)")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(
        self,
        *,
        export: Path | None,
        public_key: Path | None,
        checkpoints: Path | None,
        json: bool,
        **options: object,
    ) -> None:
        try:
            key = load_public_key(public_key) if public_key else None
            if export is not None:
                if key is None:
                    raise CommandError("--export needs --public-key: an auditor brings their own copy.")
                report = verify_export(export, public_key=key, checkpoints_path=checkpoints)
            else:
                self._seal()
                report = verify_database(public_key=key, checkpoints_path=checkpoints)
                self._note(ok=report.ok)
        except (OSError, NotAnExport, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stderr.write(report.words)
        for finding in report.findings[:NAMED]:
            self.stderr.write(f"- {finding.words}")
        if report.findings_total > NAMED:
            self.stderr.write(f"- and {report.findings_total - NAMED:,} more; --json lists them.")
        if json:
            self.stdout.write(jsonlib.dumps(report.as_document(), default=str))
        if not report.ok:
            sys.exit(1)

    def _seal(self) -> None:
        """What waits is sealed first, so that nothing is left out; a log that was altered is not sealed any further."""
        try:
            seal_all()
        except InconsistentLog as error:
            self.stderr.write(f"The sealer refuses: {error}")

    def _note(self, *, ok: bool) -> None:
        with transaction.atomic():
            actor = system_actor("verifyaudit", source="command")
            record(entry_by(actor, Action.AUDIT_VERIFIED, outcome="success" if ok else "failed"))
