"""What a verification says: every entry that is not as it was sealed, by name, in words."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["edited", "removed", "reordered", "truncated", "forked", "unsealed", "signature", "stray"]

LISTED = 1000  # findings kept by name; more are only counted


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `seq` is the log position, `event_id` the event's UUID, each where it is known."""

    kind: Kind
    words: str
    seq: int | None = None
    event_id: str | None = None

    def as_document(self) -> dict[str, object]:
        """The finding for JSON."""
        return {"kind": self.kind, "seq": self.seq, "event_id": self.event_id, "words": self.words}


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was checked and what was found. `findings` lists at most `LISTED`; `findings_total` counts all."""

    entries_checked: int
    checkpoints_checked: int
    published_checked: int
    pending: int
    findings: tuple[Finding, ...]
    findings_total: int

    @property
    def ok(self) -> bool:
        """Nothing is wrong with what was checked. An empty log is in order too: see `entries_checked`."""
        return self.findings_total == 0

    @property
    def words(self) -> str:
        """The outcome in one sentence."""
        checked = f"{self.entries_checked:,} sealed entries" if self.entries_checked else "No sealed entry"
        outcome = "nothing was altered" if self.ok else f"{self.findings_total:,} findings"
        anchors = f"{self.checkpoints_checked:,} checkpoints and {self.published_checked:,} published ones"
        return f"{checked} checked against {anchors}: {outcome}; {self.pending:,} events are not sealed yet."

    def as_document(self) -> dict[str, object]:
        """The report for JSON."""
        return {
            "ok": self.ok,
            "words": self.words,
            "entries_checked": self.entries_checked,
            "checkpoints_checked": self.checkpoints_checked,
            "published_checked": self.published_checked,
            "pending": self.pending,
            "findings_total": self.findings_total,
            "findings": [finding.as_document() for finding in self.findings],
        }


@dataclass(slots=True)
class FindingList:
    """Findings as they are met, bounded in memory."""

    listed: list[Finding] = field(default_factory=list)
    total: int = 0

    def add(self, kind: Kind, words: str, *, seq: int | None = None, event_id: object = None) -> None:
        """Note a finding."""
        self.total += 1
        if len(self.listed) < LISTED:
            self.listed.append(Finding(kind, words, seq, None if event_id is None else str(event_id)))
