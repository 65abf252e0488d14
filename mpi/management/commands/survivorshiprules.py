"""`survivorshiprules`: list, show, draft, preview, approve, reject and activate survivorship rules."""

from __future__ import annotations

import json as jsonlib
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mpi.errors import MpiError
from mpi.management.persons import actor_at_command_line
from mpi.queries import survivorship
from mpi.services.rules_activate import activate_rules
from mpi.services.rules_approve import approve_rules, reject_rules
from mpi.services.rules_draft import draft_rules
from mpi.services.rules_preview import follow_preview, order_preview, sample_of
from mpi.services.rules_run import follow_rules


class Command(BaseCommand):
    help = "Survivorship rules: which of several told values a golden record shows. Previewed, approved, activated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        common = ArgumentParser(add_help=False)
        common.add_argument("--json", action="store_true", help="print one JSON line")
        person = ArgumentParser(add_help=False)
        person.add_argument("--user", dest="username", default="", help="act as this user, who gives a password")
        person.add_argument("--reason", required=True, help="why; kept with the act and in the audit log")
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", parents=[common], help="all versions")
        acts.add_parser("show", parents=[common], help="the document of a version").add_argument("name")
        acts.add_parser("draft", parents=[common, person], help="draft a document").add_argument("file", type=Path)
        preview = acts.add_parser("preview", parents=[common], help="count what a version would change, here and now")
        preview.add_argument("name")
        preview.add_argument("--user", dest="username", default="", help="act as this user, who gives a password")
        acts.add_parser("approve", parents=[common, person], help="as a second person").add_argument("name")
        acts.add_parser("reject", parents=[common, person], help="reject a draft for good").add_argument("name")
        activate = acts.add_parser("activate", parents=[common, person], help="make a version active")
        activate.add_argument("name")
        activate.add_argument("--wait", action="store_true", help="return when all golden records follow it")

    def handle(self, *, act: str, json: bool = False, **options: Any) -> None:
        try:
            told = getattr(self, f"_{act}")(**options)
        except MpiError as error:
            places = [f"{flaw.field}: {flaw.problem}. Mend: {flaw.mend}." for flaw in error.flaws]
            raise CommandError("\n".join([error.detail, *places])) from error
        if json:
            self.stdout.write(jsonlib.dumps(told))

    def _list(self, **options: Any) -> dict[str, Any]:
        rows = survivorship.versions()
        for row in rows:
            self.stderr.write(f"{row.status:<11} {row.name}  (drafted by {row.author})")
        return {"versions": [{"name": row.name, "status": row.status} for row in rows]}

    def _show(self, *, name: str, **options: Any) -> dict[str, Any]:
        document: dict[str, Any] = survivorship.version(name).document
        self.stderr.write(jsonlib.dumps(document, indent=1))
        return document

    def _draft(self, *, file: Path, reason: str, username: str, **options: Any) -> dict[str, Any]:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read ({type(error).__name__}). Nothing was changed.") from error
        actor = actor_at_command_line("survivorshiprules", username)
        version = draft_rules(text=text, justification=reason, actor=actor)
        self.stderr.write(f"Drafted {version.name}.")
        return {"version": version.name, "status": version.status}

    def _preview(self, *, name: str, username: str, **options: Any) -> dict[str, Any]:
        actor = actor_at_command_line("survivorshiprules", username)
        preview = order_preview(name=name, actor=actor, by_worker=False)
        while preview.finished_at is None:
            preview = follow_preview(preview.pk, seconds=1.0)
            self.stderr.write(f"{preview.examined:,} of {preview.total:,} golden records compared")
        if preview.error:
            raise CommandError(preview.error)
        self.stderr.write(f"{preview.changed:,} golden records would change under {name}.")
        for _, label, _, count in survivorship.changed_fields(preview):
            self.stderr.write(f"{count:>12,}  {label}")
        figures = {"examined": preview.examined, "changed": preview.changed, "fields": preview.fields}
        sample = {line.euid for line in sample_of(preview, actor=replace(actor, permissions=frozenset()))}
        return {"version": name, "against": preview.against.name, **figures, "sample": sorted(sample)}

    def _approve(self, *, name: str, reason: str, username: str, **options: Any) -> dict[str, Any]:
        actor = actor_at_command_line("survivorshiprules", username)
        row = approve_rules(name=name, reason=reason, actor=actor)
        self.stderr.write(f"{row.name} is {row.status}.")
        return {"version": row.name, "status": row.status}

    def _reject(self, *, name: str, reason: str, username: str, **options: Any) -> dict[str, Any]:
        actor = actor_at_command_line("survivorshiprules", username)
        row = reject_rules(name=name, reason=reason, actor=actor)
        self.stderr.write(f"{row.name} is {row.status}.")
        return {"version": row.name, "status": row.status}

    def _activate(self, *, name: str, reason: str, username: str, wait: bool, **options: Any) -> dict[str, Any]:
        actor = actor_at_command_line("survivorshiprules", username)
        activate_rules(name=name, reason=reason, actor=actor)
        self.stderr.write(f"{name} is active; workers make the golden records of before anew.")
        if not wait:
            return {"version": name, "status": "active"}
        done = follow_rules(seconds=1.0)
        while not done.is_finished:
            self.stderr.write(f"{done.recomputed:,} golden records made anew, {done.changed:,} with another value")
            time.sleep(1.0 if done.is_waiting else 0.0)
            done = follow_rules(seconds=5.0)
        self.stderr.write(f"Done: {done.recomputed:,} made anew, {done.changed:,} with another value.")
        return {"version": name, "status": "active", "recomputed": done.recomputed, "changed": done.changed}
