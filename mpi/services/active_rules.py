"""The active survivorship rules: asked for anew by every batch, read again only when others have become active."""

from __future__ import annotations

from functools import lru_cache

from matching.survivorship import SurvivorshipRules, SurvivorshipRulesError
from mpi.database.reading import Rows
from mpi.errors import ServiceDown
from mpi.models import RulesStatus, SurvivorshipVersion
from mpi.services.rows import fetch_all

ASKED = ("SELECT id, content_hash FROM mpi_survivorship_version WHERE status = %s", (RulesStatus.ACTIVE.value,))
"""The question for the active rules; `read_active` reads its answer."""


def active_rules() -> SurvivorshipRules:
    """The rules by which golden values are chosen now. Cost: one small query. Raises ServiceDown when there are none.

    A transaction that has read them may end after others have become active: what it wrote is made anew by the run
    that follows an activation (`mpi.services.rules_run`).
    """
    return read_active(fetch_all(ASKED)[0])


def read_active(rows: Rows) -> SurvivorshipRules:
    """The rules that the answer to `ASKED` names. Raises as `active_rules`."""
    if not rows:
        raise ServiceDown("No survivorship rules are active. Run “manage.py migrate” to install the shipped ones.")
    return _load(*rows[0])


@lru_cache(maxsize=4)
def _load(pk: int, _content_hash: str) -> SurvivorshipRules:
    name, document = SurvivorshipVersion.objects.values_list("name", "document").get(pk=pk)
    try:
        return SurvivorshipRules.from_document(document)
    except SurvivorshipRulesError as error:
        raise ServiceDown(f"The active survivorship rules {name} cannot be read by this release: {error}") from error
