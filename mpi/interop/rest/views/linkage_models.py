"""`linkage-models`: by which model records are compared, and by which they were. Read-only; no demographics."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission
from mpi.interop.rest.documents_models import model_document, version_line
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import operation
from mpi.interop.rest.shapes_models import LinkageModelLinesShape, LinkageModelShape
from mpi.queries import linkage
from mpi.services.model_records import indexed_records

_TAG = "linkage models"


class LinkageModels(Door):
    """All versions."""

    @operation(
        "List linkage models",
        tag=_TAG,
        name="list_linkage_models",
        scope=Permission.MODEL_READ,
        answers={200: LinkageModelLinesShape},
        words="The active one first, then the newest. `retrain` says when the index has outgrown the active one.",
    )
    def get(self, request: Request) -> Response:
        """Every version without its weights."""
        notice = linkage.retrain_notice(indexed_records())
        items = [version_line(version) for version in linkage.versions()]
        return Response({"items": items, "retrain": notice.words if notice else None})


class LinkageModelDetail(Door):
    """One version."""

    @operation(
        "Read a linkage model",
        tag=_TAG,
        name="get_linkage_model",
        scope=Permission.MODEL_READ,
        answers={200: LinkageModelShape},
        words="With thresholds, policy, prior, and m, u and bits of every level..",
    )
    def get(self, request: Request, name: str) -> Response:
        """One version with its weights."""
        version = linkage.version(name)
        return Response(model_document(version, linkage.model_of(version)))
