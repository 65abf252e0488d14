"""What bears on every record and may change between two of them: linkage model, survivorship rules, source systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matching.survivorship import SurvivorshipRules
from mpi.database.reading import Rows
from mpi.models import SourceSystem
from mpi.services import active_model, active_rules, parse
from mpi.services.active_model import ActiveModel

ASKED = (active_model.ASKED, active_rules.ASKED, parse.SYSTEMS_ASKED)
"""What a round trip asks besides its own, for `in_force` to read."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings under which a batch is decided. `systems` are all that are registered, by code."""

    active: ActiveModel
    rules: SurvivorshipRules
    systems: dict[str, SourceSystem]


def in_force(answers: Sequence[Rows]) -> InForce:
    """Read the answers to `ASKED`. Raises ServiceDown without an active model or rules, or under a foreign key."""
    model, rules, systems = answers
    return InForce(active_model.read_active(model), active_rules.read_active(rules), parse.read_systems(systems))
