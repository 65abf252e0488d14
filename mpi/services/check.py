"""Check the invariants of the index, and keep in the audit log that it was done and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.commands import Actor
from mpi.queries.invariants import EXAMPLES, Report, check_index


def check_and_note(
    *,
    actor: Actor,
    only: Sequence[str] = (),
    examples: int = EXAMPLES,
    advance: Callable[[int], None] = lambda _: None,
) -> Report:
    """Check all invariants, or those named, and write one audit event. What is wrong is told, never mended."""
    report = check_index(only=only, examples=examples, advance=advance)
    with transaction.atomic():
        detail: dict[str, object] = {
            "checked": [one.invariant.name for one in report.checked],
            "rows": sum(one.looked.rows for one in report.checked),
            "broken": list(report.broken),
        }
        record(entry_by(actor, Action.INDEX_CHECKED, outcome="success" if report.is_clean else "failed", detail=detail))
    return report
