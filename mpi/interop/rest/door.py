"""The base of all views of the REST door: authenticate, limit, check the scope and the query, answer, refuse."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mpi.access import require
from mpi.commands import Actor
from mpi.errors import NotAuthenticated, NotFound
from mpi.interop.rest import query
from mpi.interop.rest.authentication import ClientToken, client_actor, correlation_id_of
from mpi.interop.rest.errors import MEDIA_TYPE, Problem, method_not_allowed, translate
from mpi.interop.rest.operation import Operation
from mpi.interop.rest.reading import text_flaws
from mpi.interop.rest.rendering import AlwaysJson, JsonRenderer
from mpi.interop.rest.throttling import REQUESTS
from mpi.services.clients import KnownClient

_HANDLERS = {"GET": "get", "HEAD": "get", "POST": "post", "PUT": "put", "DELETE": "delete"}
_LONGEST_PATH_PART = 120


class Answering(APIView):
    """Translates errors and sets the headers of every answer. Put it first among the bases of a view."""

    permission_classes = []
    throttle_classes = []
    versioning_class = None
    metadata_class = None
    correlation_id: UUID

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """As DRF; the correlation id is known from here on."""
        self.correlation_id = correlation_id_of(request)
        return super().initialize_request(request, *args, **kwargs)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """405; `Allow` stands in every answer, as DRF puts it there."""
        raise method_not_allowed(str(request.method), self.allowed_methods)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """What may be done here, in `Allow`; the OpenAPI document says the rest."""
        return Response(status=204)

    def handle_exception(self, exc: Exception) -> Response:
        """Every exception becomes a problem here; none goes further."""
        self.request.accepted_renderer = JsonRenderer()
        self.request.accepted_media_type = JsonRenderer.media_type
        return problem_response(translate(exc, self.correlation_id), self.correlation_id)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """No answer is ever stored by a cache (ASVS 5 14.3.2), and each names its correlation id."""
        answer: HttpResponse = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        answer["X-Correlation-Id"] = str(self.correlation_id)
        return answer


class OpenDoor(Answering):
    """A JSON view that asks nobody who he is."""

    authentication_classes = []
    parser_classes = [JSONParser]
    renderer_classes = [JsonRenderer]
    content_negotiation_class = AlwaysJson

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Settle the form of the answer; nothing else is asked."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)


class Door(OpenDoor):
    """For clients with a token. `actor` acts, `client` is the token's owner, `asked` the checked query string."""

    authentication_classes = [ClientToken]
    actor: Actor
    client: KnownClient
    asked: query.Asked

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The gate. Raises NotAuthenticated, TooManyRequests, Forbidden, NotFound, InvalidInput."""
        super().initial(request, *args, **kwargs)
        client = request.auth
        if not isinstance(client, KnownClient):
            raise NotAuthenticated("Send a client token: “Authorization: Bearer …”.")
        REQUESTS.spend(client.client_id)
        self.client = client
        self.actor = client_actor(client, request._request, self.correlation_id)
        request._request.actor = self.actor  # type: ignore[attr-defined]  # the middleware's slot
        handler = getattr(self, _HANDLERS.get(str(request.method), ""), None)
        if handler is None:
            return  # 405 or OPTIONS: nothing is done and nothing is shown
        declared: Operation = handler.operation
        require(self.actor, declared.scope)
        for part in kwargs.values():
            if isinstance(part, str) and (len(part) > _LONGEST_PATH_PART or text_flaws("", part) or not part.strip()):
                raise NotFound("There is nothing at this address.")
        self.asked = query.read(request._request.GET, declared.query)


class NothingHere(OpenDoor):
    """Every address under /api/ that is no other: 404 as a problem, whatever the method."""

    schema = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answers before any method is looked for."""
        self.args, self.kwargs, self.headers = args, kwargs, {}
        self.request = self.initialize_request(request, *args, **kwargs)
        answer = self.handle_exception(NotFound("There is nothing at this address; see /api/docs/."))
        self.response = self.finalize_response(self.request, answer, *args, **kwargs)
        return self.response


def problem_response(problem: Problem, correlation_id: UUID) -> Response:
    """A problem as an answer, with the headers its status demands."""
    answer = Response(
        problem.as_document(correlation_id),
        status=problem.status,
        headers=dict(problem.headers),
        content_type=MEDIA_TYPE,
        exception=True,
    )
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django would log the address, which can hold a record number
    return answer
