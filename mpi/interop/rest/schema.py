"""The OpenAPI document and the page that shows it: open to everybody, since they hold no patient."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.settings import patched_settings
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from mpi.interop.rest.door import Answering

DOCUMENT_SETTINGS: dict[str, Any] = {
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    "SORT_OPERATIONS": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "GoldenStatus": "mpi.models.GoldenStatus.choices",
        "PotentialMatchStatus": "mpi.models.PotentialMatchStatus.choices",
        "PotentialMatchKind": "mpi.models.PotentialMatchKind.choices",
        "EventKind": "mpi.models.EventKind.choices",
        "JobStatus": "mpi.models.JobStatus.choices",
        "MessageState": "mpi.models.MessageState.choices",
        "MessageOutcome": "mpi.models.MessageOutcome.choices",
        "TaskType": "mpi.models.TaskType.choices",
        "TaskStatus": "mpi.queries.identity_tasks.TASK_STATUSES",
        "RecordState": "mpi.models.RecordState.choices",
        "Health": ["ok", "degraded", "down"],
        "PartHealth": ["ok", "down"],
        "TelecomKind": ["phone", "email"],
        "TelecomUse": ["home", "work", "mobile", "old"],
        "Grade": "mpi.interop.rest.shapes.GRADES",
    },
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "defaultModelsExpandDepth": 0, "docExpansion": "list"},
}


def openapi_document() -> dict[str, Any]:
    """The document as it is served."""
    with patched_settings(DOCUMENT_SETTINGS):
        return dict(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


class SchemaView(Answering, SpectacularAPIView):
    """The OpenAPI 3 document; YAML, or JSON with `?format=json`."""

    schema = None
    renderer_classes = [OpenApiYamlRenderer, OpenApiJsonRenderer]
    custom_settings = DOCUMENT_SETTINGS
    serve_public = True
    authentication_classes = []


class DocsView(Answering, SpectacularSwaggerSplitView):
    """Swagger UI from our own files. Its script is a file of its own, so no inline script needs to be allowed."""

    schema = None
    template_name = "rest/docs.html"
    url_name = "rest-schema"
    authentication_classes = []

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The page, or its script with `?script`."""
        with patched_settings(DOCUMENT_SETTINGS):
            return super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call,no-any-return]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Swagger UI sets style attributes; on this page, which shows no person, they are allowed."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer._csp_update = {"style-src": [SELF, UNSAFE_INLINE]}
        return answer
