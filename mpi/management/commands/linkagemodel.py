"""`linkagemodel`: list, show, export, import, compare, approve, reject, activate and roll back linkage models."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mpi.errors import MpiError
from mpi.management.model_report import comparison_lines, version_document, version_lines
from mpi.management.persons import actor_at_command_line
from mpi.queries import linkage
from mpi.services.model_activate import activate_model
from mpi.services.model_approve import approve_model, reject_model
from mpi.services.model_compare import compare_versions
from mpi.services.model_draft import export_model, import_model
from mpi.services.model_records import indexed_records
from mpi.services.model_rollback import roll_back_model

_ACTS = {"approve": approve_model, "reject": reject_model, "activate": activate_model, "rollback": roll_back_model}


class Command(BaseCommand):
    help = "Linkage models: a draft is approved by another person than its author, then activated; and rolled back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        common = ArgumentParser(add_help=False)
        common.add_argument("--json", action="store_true", help="print one JSON line")
        person = ArgumentParser(add_help=False)
        person.add_argument("--user", dest="username", default="", help="act as this user, who gives a password")
        reason = ArgumentParser(add_help=False)
        reason.add_argument("--reason", required=True, help="why; kept with the act and in the audit log")
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", parents=[common], help="all versions, and whether to train anew")
        acts.add_parser("show", parents=[common], help="one version").add_argument("name")
        export = acts.add_parser("export", parents=[common, person], help="the document of a version")
        export.add_argument("name")
        export.add_argument("--out", type=Path, help="a file to write; else standard output")
        acts.add_parser("import", parents=[common, person], help="draft a document").add_argument("file", type=Path)
        compare = acts.add_parser("compare", parents=[common, person], help="what differs between two versions")
        compare.add_argument("name", help="the version to look at")
        compare.add_argument("other", nargs="?", default="", help="compared with; the active one unless told")
        for act, words in (
            ("approve", "approve a draft; needs --user"),
            ("reject", "reject a draft"),
            ("activate", "make an approved version active"),
        ):
            acts.add_parser(act, parents=[common, person, reason], help=words).add_argument("name")
        back = acts.add_parser("rollback", parents=[common, person, reason], help="back to a version active before")
        back.add_argument("name", nargs="?", default="", help="the one before the active one unless told")

    def handle(self, *, act: str, json: bool = False, **options: Any) -> None:
        try:
            told = self.list() if act == "list" else getattr(self, _METHODS.get(act, "decide"))(act, **options)
        except MpiError as error:
            places = [f"{flaw.field}: {flaw.problem}. Mend: {flaw.mend}." for flaw in error.flaws]
            raise CommandError("\n".join([error.detail, *places])) from error
        if json:
            self.stdout.write(jsonlib.dumps(told))

    def list(self) -> dict[str, Any]:
        """One line a version; a notice where the index has outgrown the active one."""
        rows = linkage.versions()
        for row in rows:
            by = f", approved by {row.approver}" if row.approver and row.status != "rejected" else ""
            self.stderr.write(f"{row.status:<11} {row.name}  (drafted by {row.author}{by})")
        notice = linkage.retrain_notice(indexed_records())
        if notice is not None:
            self.stderr.write(f"Notice: {notice.words}")
        return {"versions": [version_document(row) for row in rows], "notice": notice.words if notice else None}

    def show(self, act: str, *, name: str, **options: Any) -> dict[str, Any]:
        """Thresholds, policy, weights, training."""
        version = linkage.version(name)
        model = linkage.model_of(version)
        for line in version_lines(version, model):
            self.stderr.write(line)
        return version_document(version, model)

    def export(self, act: str, *, name: str, out: Path | None, username: str, **options: Any) -> dict[str, Any]:
        """The document, as it was drafted."""
        document = export_model(name=name, actor=actor_at_command_line("linkagemodel", username))
        text = jsonlib.dumps(document, indent=1, ensure_ascii=False)
        if out is None:
            self.stdout.write(text)
        else:
            try:
                out.write_text(f"{text}\n", encoding="utf-8")
            except OSError as error:
                raise CommandError(f"{out} cannot be written ({type(error).__name__}).") from error
        return {"version": name, "content_hash": document["content_hash"], "out": str(out or "")}

    def bring(self, act: str, *, file: Path, username: str, **options: Any) -> dict[str, Any]:
        """A draft from a file."""
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read ({type(error).__name__}). Nothing was changed.") from error
        version = import_model(text=text, actor=actor_at_command_line("linkagemodel", username))
        self.stderr.write(f"Drafted {version.name}. Another person approves it.")
        return version_document(version)

    def compare(self, act: str, *, name: str, other: str, username: str, **options: Any) -> dict[str, Any]:
        """What the version says differently from the other one."""
        actor = actor_at_command_line("linkagemodel", username)
        found = compare_versions(name=name, other=other, actor=actor)
        for line in comparison_lines(found):
            self.stderr.write(line)
        return found.to_document()

    def decide(self, act: str, *, name: str, reason: str, username: str, **options: Any) -> dict[str, Any]:
        """Approve, reject, activate or roll back."""
        if act == "approve" and not username:
            raise CommandError("A person must approve a model: say who with --user NAME. Nothing was changed.")
        actor = actor_at_command_line("linkagemodel", username)
        done = _ACTS[act](name=name, reason=reason, actor=actor)
        self.stderr.write(done.message)
        return {"version": done.name, "status": done.status}


_METHODS = {"show": "show", "export": "export", "import": "bring", "compare": "compare"}
