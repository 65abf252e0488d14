"""Keeps the connections of a few busy clients from ending up with one web process while the others rest.

All processes listen on one socket, and whoever wakes first takes the next connection; an integration engine keeps its
few connections for days. Two that meet in one process share one interpreter: 145 records a second by PUT were
measured there, 186 to 227 where they did not meet. So now and then a process that works on several requests asks a
client to connect anew (RFC 9112 §9.6); once its connections are apart, hardly anybody is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

Environment = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environment, StartResponse], Iterable[bytes]]

_EVERY = 16
"""Answers given beside other work for one that asks to connect anew: where all are busy, it must cost little."""


class Spread:
    """A WSGI application (PEP 3333) for a server of several processes, around the application of each of them."""

    def __init__(self, application: Application, *, every: int = _EVERY) -> None:
        self._application = application
        self._every = every
        self._lock = threading.Lock()
        self._busy = 0
        self._beside_others = 0

    def __call__(self, environ: Environment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer; every so often of those beside other work with `Connection: close`, which HTTP/2 does not know."""
        anew = self._enter() and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        try:
            return self._application(environ, _closing(start_response) if anew else start_response)
        finally:
            with self._lock:
                self._busy -= 1

    def _enter(self) -> bool:
        """One request more is worked on; whether its client is asked to connect anew."""
        with self._lock:
            self._busy += 1
            if self._busy == 1:
                return False
            self._beside_others = (self._beside_others + 1) % self._every
            return self._beside_others == 0


def _closing(start_response: StartResponse) -> StartResponse:
    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        return start_response(status, [*headers, ("Connection", "close")], *error)

    return start
