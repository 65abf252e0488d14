"""`survivorship-rules`: by which rules golden values are chosen, and by which they were. Read-only; no demographics."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission
from mpi.interop.rest.documents_models import rules_document, rules_line
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import operation
from mpi.interop.rest.shapes_models import SurvivorshipRulesLinesShape, SurvivorshipRulesShape
from mpi.queries import survivorship

_TAG = "survivorship rules"


class SurvivorshipRulesVersions(Door):
    """All versions."""

    @operation(
        "List survivorship rules",
        tag=_TAG,
        name="list_survivorship_rules",
        scope=Permission.MODEL_READ,
        answers={200: SurvivorshipRulesLinesShape},
        words="The active one first, then the newest. Golden records name the version that chose their values.",
    )
    def get(self, request: Request) -> Response:
        """Every version without its document."""
        return Response({"items": [rules_line(version) for version in survivorship.versions()]})


class SurvivorshipRulesVersion(Door):
    """One version."""

    @operation(
        "Read survivorship rules",
        tag=_TAG,
        name="get_survivorship_rules",
        scope=Permission.MODEL_READ,
        answers={200: SurvivorshipRulesShape},
        words="Per field the criteria in order, what it would change, and how far the golden records follow it.",
    )
    def get(self, request: Request, name: str) -> Response:
        """One version with its document and its activations."""
        version = survivorship.version(name)
        activations, preview = survivorship.activations(version.pk), survivorship.latest_preview(version)
        return Response(rules_document(version, activations, preview))
