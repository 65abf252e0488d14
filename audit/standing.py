"""How the log stands, for a monitor: what is sealed, what waits, and whether what was signed and published still holds.

The sealer asks the same before it seals. Whether each event is still the one that was sealed only a verification tells
(`verify.py`): that reads the whole log.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings

from audit.checkpoint import BadNote, Statement
from audit.publish import last_published
from audit.queries import LogState, log_state
from audit.seal import InconsistentLog, frontier_of
from audit.verify import snapshot

MANY_PENDING = 10_000
LATE_S = 60
"""Events that wait for the sealer, or seconds that one has waited, from which the sealer is late."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The log's figures, the size of the newest published checkpoint, and why the sealer would refuse, "" if not."""

    state: LogState
    published: int
    inconsistency: str

    @property
    def is_late(self) -> bool:
        """Whether too much waits for the sealer, or one event has waited for too long."""
        return self.state.pending > MANY_PENDING or (self.state.oldest_pending_age_s or 0) > LATE_S

    @property
    def verdict(self) -> Literal["ok", "late", "broken"]:
        """`broken`: nothing can be sealed, or a guard is off. `late`: too much waits for the sealer."""
        if self.inconsistency or not self.state.triggers_enabled:
            return "broken"
        return "late" if self.is_late else "ok"

    @property
    def problem(self) -> str:
        """Why the verdict is not ok, "" where it is."""
        words = {
            "broken": self.inconsistency or "A guard of the append-only tables is missing or switched off.",
            "late": "Events have waited too long for the sealer.",
        }
        return words.get(self.verdict, "")


def standing() -> Standing:
    """Look at the log on one snapshot. A dozen small queries, whatever its size; changes nothing."""
    published, unreadable = _published()  # before the snapshot: the file cannot be ahead of it
    with snapshot():
        state = log_state()
        try:
            frontier_of(state.sealed, state.last_checkpoint, published)
        except InconsistentLog as error:
            return Standing(state, published.size if published else 0, str(error))
    return Standing(state, published.size if published else 0, unreadable)


def _published() -> tuple[Statement | None, str]:
    try:
        return last_published(Path(settings.AUDIT_CHECKPOINT_DIR)), ""
    except BadNote as error:
        return None, str(error)
    except OSError:
        return None, "The published checkpoints cannot be read."
