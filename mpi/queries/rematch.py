"""Rematch runs and their differences, for pages and the command: keys, codes and figures, no value of a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count

from matching.rules import BY_CODE
from mpi.errors import NotFound
from mpi.models import (
    LinkageModelVersion,
    ModelStatus,
    RematchChange,
    RematchChangeState,
    RematchKind,
    RematchRun,
    RematchStatus,
)
from mpi.queries.rematch_words import CHANGE_WORDS, KIND_WORDS, REASON_WORDS, SKIP_WORDS, STATUS_WORDS

PAGE_SIZE = 50
GRADES = ("certain", "probable", "possible", "certainly-not")
_SAMPLE = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of difference: how many in all and by grade of the deciding pair."""

    kind: str
    words: str
    total: int
    grades: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change for people."""

    number: int
    kind: str
    words: str
    euids: tuple[str, ...]
    records: int
    grade: str
    bits_before: float | None
    bits_after: float | None
    probability_before: float | None
    probability_after: float | None
    reasons: tuple[str, ...]
    state: str
    why: str

    @property
    def makes_one(self) -> bool:
        """Whether a golden record that is yet to be made is concerned too."""
        others = self.kind != RematchKind.CLOSE_QUESTION and len(self.euids) == 1
        return others and self.state == RematchChangeState.PENDING

    @property
    def line(self) -> str:
        """One line for a terminal."""
        people = " ".join(self.euids)
        bits = f"{self.bits_before or 0:+.1f} → {self.bits_after or 0:+.1f} bits, {self.probability_after or 0:.1%}"
        return f"#{self.number} {people}: {bits}; {', '.join(self.reasons)}"


def runs(*, before: int | None = None, limit: int = PAGE_SIZE) -> list[RematchRun]:
    """Runs, newest first. One query."""
    rows = RematchRun.objects.select_related("model_version").defer("model_version__document").order_by("-pk")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def run_of(uuid: UUID) -> RematchRun:
    """One run. Raises NotFound."""
    rows = RematchRun.objects.select_related("model_version").defer("model_version__document")
    found = rows.filter(uuid=uuid).first()
    if found is None:
        raise NotFound("There is no rematch run under this number.")
    return found


def difference(run: RematchRun) -> tuple[Row, ...]:
    """The kinds in the order of application, kinds without a change left out. No query."""
    told = run.counts.get("changes", {})
    rows = []
    for kind, words in KIND_WORDS.items():
        grades = told.get(kind, {})
        if total := sum(grades.values()):
            rows.append(Row(kind, words, total, tuple((grade, grades.get(grade, 0)) for grade in GRADES)))
    return tuple(rows)


def samples(run: RematchRun, kind: str) -> tuple[ChangeLine, ...]:
    """A few changes of a kind, strongest evidence first. One query."""
    found = RematchChange.objects.filter(run=run, kind=kind)
    return tuple(change_line(change) for change in found.order_by("-bits_after", "number")[:_SAMPLE])


def changes(
    run: RematchRun, *, kind: str = "", grade: str = "", state: str = "", after: int = 0
) -> tuple[tuple[ChangeLine, ...], int | None]:
    """A page of changes in their order, and the number to go on after, None at the end. One query."""
    found = RematchChange.objects.filter(run=run, number__gt=after)
    chosen = {"kind": kind, "grade": grade, "state": state}
    found = found.filter(**{name: value for name, value in chosen.items() if value})
    rows = list(found.order_by("number")[: PAGE_SIZE + 1])
    more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    return tuple(change_line(row) for row in rows), rows[-1].number if more else None


def change_line(change: RematchChange) -> ChangeLine:
    """A change in words."""
    blocked = change.state == RematchChangeState.APPLIED and change.skip_reason
    why = change.skip_reason if blocked else SKIP_WORDS.get(change.skip_reason, change.skip_reason)
    return ChangeLine(
        number=change.number,
        kind=change.kind,
        words=CHANGE_WORDS[change.kind],
        euids=tuple(change.euids),
        records=len(change.record_ids),
        grade=change.grade,
        bits_before=change.bits_before,
        bits_after=change.bits_after,
        probability_before=change.probability_before,
        probability_after=change.probability_after,
        reasons=tuple(map(_reason_words, change.reason_codes)),
        state=change.state,
        why=why,
    )


def _reason_words(code: str) -> str:
    """A reason in a few words; a rule that has none of its own in those of the policy's table."""
    rule = BY_CODE.get(code)
    return REASON_WORDS.get(code) or (rule.words if rule else code)


def state_counts(run: RematchRun) -> dict[str, int]:
    """Changes by state. One query."""
    rows = RematchChange.objects.filter(run=run).values_list("state").annotate(count=Count("pk"))
    return dict(rows.order_by("state"))


def refused(run: RematchRun) -> tuple[ChangeLine, ...]:
    """Changes that an undo has left standing, with what stands in the way. One query."""
    if run.status != RematchStatus.UNDONE:
        return ()
    standing = RematchChange.objects.filter(run=run, state=RematchChangeState.APPLIED)
    return tuple(change_line(change) for change in standing.order_by("number")[:PAGE_SIZE])


def summary(run: RematchRun) -> dict[str, Any]:
    """A run as plain JSON. Three queries."""
    states = state_counts(run)
    skipped = run.counts.get("skipped", {})
    return {
        "run": str(run.uuid),
        "status": str(run.status),
        "model": run.model_version.name,
        "started_by": run.started_by_name,
        "approved_by": run.approved_by_name,
        "started_at": run.started_at.isoformat(),
        "records": run.records,
        "persons": run.counts.get("persons", 0),
        "pairs": run.counts.get("pairs", 0),
        "links_changed": run.links_changed,
        "agreement": run.counts.get("agreement", 1.0),
        "left_out": run.counts.get("left_out", 0),
        "changes": sum(states.values()),
        "by_kind": {kind: run.counts.get("changes", {}).get(kind, {}) for kind in KIND_WORDS},
        "pending": states.get("pending", 0),
        "applied": states.get("applied", 0),
        "undone": states.get("undone", 0),
        "skipped": {SKIP_WORDS.get(code, code): count for code, count in skipped.items()},
        "refused": [{"number": line.number, "reason": line.why} for line in refused(run)],
    }


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the list."""

    run: RematchRun
    words: str
    changes: int


def run_line(run: RematchRun) -> RunLine:
    """A run with its number of changes. No query."""
    changes = sum(row.total for row in difference(run))
    is_same = run.status == RematchStatus.PREVIEWED and not changes
    return RunLine(run, "no difference" if is_same else STATUS_WORDS[run.status], changes)


def skipped(run: RematchRun) -> list[tuple[str, int]]:
    """Why changes were not made, in words, and how many. No query."""
    return [(SKIP_WORDS.get(code, code), count) for code, count in run.counts.get("skipped", {}).items()]


def heading(wanted: Mapping[str, str]) -> str:
    """What a filtered list of changes shows."""
    told = [KIND_WORDS.get(wanted["kind"], ""), wanted["grade"], wanted["state"]]
    return ", ".join(part for part in told if part)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is. `at_work` while somebody works on it; `seconds_left` None while that is not known."""

    run: RematchRun
    words: str
    at_work: bool
    seconds_left: float | None


def progress(run: RematchRun, now: datetime) -> RunProgress:
    """How far the run is. One query while changes are made or undone."""
    at_work = run.status in (RematchStatus.PREVIEWING, RematchStatus.APPLYING, RematchStatus.UNDOING)
    return RunProgress(run, run.stage or STATUS_WORDS[run.status], at_work, _seconds_left(run, now))


def _seconds_left(run: RematchRun, now: datetime) -> float | None:
    """From when the first change of this work was made, and how many were made since."""
    if run.status not in (RematchStatus.APPLYING, RematchStatus.UNDOING) or run.done < 2:
        return None
    order = "number" if run.status == RematchStatus.APPLYING else "-number"
    first = RematchChange.objects.filter(run=run, changed_at__isnull=False).order_by(order).first()
    if first is None or first.changed_at is None:
        return None
    return (now - first.changed_at).total_seconds() / run.done * (run.total - run.done)


def eligible_models() -> list[tuple[str, str]]:
    """Versions that may be compared with the index, the active one first: (name, words). One query."""
    told = {ModelStatus.ACTIVE: "active", ModelStatus.APPROVED: "approved", ModelStatus.SUPERSEDED: "was active"}
    rows = LinkageModelVersion.objects.filter(status__in=told).order_by("-activated_at", "-pk")
    found = sorted(rows.values_list("name", "status"), key=lambda row: list(told).index(ModelStatus(row[1])))
    return [(name, f"{name} ({told[ModelStatus(status)]})") for name, status in found]
