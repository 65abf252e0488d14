"""`survivorshiprules`: list, show, draft and activate survivorship rules."""

from __future__ import annotations

import json as jsonlib
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mpi.errors import MpiError
from mpi.management.persons import actor_at_command_line
from mpi.queries import survivorship
from mpi.services.rules_activate import activate_rules
from mpi.services.rules_draft import draft_rules
from mpi.services.rules_run import follow_rules


class Command(BaseCommand):
    help = "Survivorship rules: which of several told values a golden record shows. Drafted, then activated."

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
