"""Finding and locking versions of the survivorship rules. Few rows, seldom changed: an act locks them all, in order."""

from __future__ import annotations

from mpi.errors import NotFound
from mpi.models import RulesStatus, SurvivorshipVersion

SUBJECT = "survivorship_rules"
"""How a version is named in the audit log: this type, and its name."""


def lock_versions(name: str) -> tuple[SurvivorshipVersion, SurvivorshipVersion | None]:
    """The version of this name and the active one, every version locked. Call inside a transaction. Raises NotFound."""
    rows = list(SurvivorshipVersion.objects.select_for_update(no_key=True).order_by("pk"))
    active = next((row for row in rows if row.status == RulesStatus.ACTIVE), None)
    for row in rows:
        if row.name == name:
            return row, active
    raise NotFound("There are no survivorship rules of this name; nothing was changed.")
