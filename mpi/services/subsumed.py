"""Messages under a number that its source has merged into another one: refused, with how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mpi.errors import Flaw, InvalidInput, MpiError
from mpi.models import InboundMessage, RecordState, SourceRecord
from mpi.services.parse import Told

MERGED_NUMBER = "was merged into another number by its source"
"""What the rejection of such a message says."""


def refuse_subsumed(
    told: Sequence[Told], existing: Iterable[SourceRecord]
) -> tuple[list[Told], list[tuple[InboundMessage, MpiError]]]:
    """(what may be applied, what is rejected and why). IHE ITI-8: only a merge may speak of a merged number."""
    numbers = {(rec.source_system_id, rec.mrn) for rec in existing if rec.state == RecordState.SUBSUMED}
    if not numbers:
        return list(told), []
    flaw = Flaw(
        "mrn",
        MERGED_NUMBER,
        "send it under the surviving number; if the merge was wrong, take it back (POST /api/v1/source-unmerges) and "
        "replay this message",
    )
    error = InvalidInput("This number does not stand any more; nothing was changed.", flaws=[flaw])
    refused = [item for item in told if (item.system.pk, item.mrn) in numbers]
    return [item for item in told if item not in refused], [(item.message, error) for item in refused]
