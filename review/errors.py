"""Refusals that only the steward's desk knows. They are kin of `mpi.errors`, so that each door translates them."""

from __future__ import annotations

from datetime import datetime

from mpi.errors import MpiError, StaleVersion
from review.basis import Difference


class ClaimedByAnother(MpiError):
    """Somebody else holds the task; `holder` says who and `until` how long."""

    code = "claimed-by-another"
    http_status = 409
    title = "Somebody else is working on this task"

    def __init__(self, *, holder: str, until: datetime) -> None:
        super().__init__(f"{holder} holds this task. Nothing was changed.", extra={"holder": holder})
        self.holder = holder
        self.until = until


class EvidenceChanged(StaleVersion):
    """Something the steward saw is not so any more; `changed` says what."""

    def __init__(self, changed: Difference) -> None:
        super().__init__("The records changed since this page was made. Your answer was not carried out.")
        self.changed = changed
