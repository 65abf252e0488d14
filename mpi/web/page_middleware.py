"""Django's middleware for pages, kept from the REST door: programs have no session, no messages and no htmx.

What protects every answer (host check, security headers, content policy, CSRF) stays for all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxMiddleware

Handler = Callable[[HttpRequest], HttpResponseBase]

_PROGRAMS = "/api/v1/"
_PARTS = ("exempt", "config", "update", "replace")
_OWN_POLICY = frozenset(f"_csp_{part}{kind}" for part in _PARTS for kind in ("", "_ro"))
"""What django-csp's decorators leave on an answer that does not want the usual policy."""


def _for_pages(middleware: Callable[[Handler], object]) -> Callable[[Handler], Handler]:
    """The middleware, passed over by what goes to the REST door."""

    def made(get_response: Handler) -> Handler:
        whole = cast(Handler, middleware(get_response))

        def handle(request: HttpRequest) -> HttpResponseBase:
            return get_response(request) if request.path.startswith(_PROGRAMS) else whole(request)

        return handle

    return made


sessions = _for_pages(SessionMiddleware)
authentication = _for_pages(AuthenticationMiddleware)
messages = _for_pages(MessageMiddleware)
htmx = _for_pages(HtmxMiddleware)


class ContentPolicy(CSPMiddleware):
    """The content policy of the settings, put together once; an answer that changes it gets one of its own."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The header, as django-csp makes it."""
        if "_csp_nonce" in request.__dict__ or not _OWN_POLICY.isdisjoint(response.__dict__) or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, _usual_policy())
        return response


@cache
def _usual_policy() -> str:
    return build_policy()
