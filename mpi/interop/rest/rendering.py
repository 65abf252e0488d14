"""Answers are JSON, whatever `Accept` says (RFC 9110 §12.5.1 allows it): one form, no surprises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson
from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


class JsonRenderer(BaseRenderer):
    """Documents of dicts, lists, texts, numbers, UUIDs, times and dataclasses, as UTF-8 JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, object] | None = None,
    ) -> bytes:
        """The bytes of an answer; none where there is nothing to say."""
        return b"" if data is None else orjson.dumps(data, option=_OPTIONS)


def plain_answer(
    document: Mapping[str, object], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The answer that `Response(document)` becomes, without the steps of content negotiation and templates."""
    body = orjson.dumps(document, option=_OPTIONS)
    return HttpResponse(body, content_type=JsonRenderer.media_type, status=status, headers=dict(headers or {}))


class AlwaysJson(BaseContentNegotiation):
    """Takes the first renderer without looking at the request."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The only parser."""
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The only renderer."""
        first = next(iter(renderers))
        return first, first.media_type
