"""Two connections that meet in one web process are led apart."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import pytest

from mpi.web.spread import Spread, StartResponse

Headers = list[tuple[str, str]]


class _Slow:
    """An application that works on a request until it is let go."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Semaphore(0), threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        self.begun.release()
        if environ["PATH_INFO"] == "/slow":
            assert self.may_end.wait(30)
        if environ["PATH_INFO"] == "/fails":
            raise RuntimeError(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"done"]


def _headers(spread: Spread, path: str, protocol: str = "HTTP/1.1") -> Headers:
    told: list[Headers] = []
    answer = spread({"PATH_INFO": path, "SERVER_PROTOCOL": protocol}, lambda _, headers: told.append(headers))
    assert list(answer) == [b"done"]
    return told[0]


def _beside_a_slow_one(
    spread: Spread, slow: _Slow, requests: int, protocol: str = "HTTP/1.1"
) -> tuple[Headers, list[bool]]:
    """The headers of a slow request, and whether each of those answered meanwhile asks to connect anew."""
    first: list[Headers] = []
    thread = threading.Thread(target=lambda: first.append(_headers(spread, "/slow", protocol)))
    thread.start()
    assert slow.begun.acquire(timeout=30)
    asked = [("Connection", "close") in _headers(spread, "/", protocol) for _ in range(requests)]
    slow.may_end.set()
    thread.join()
    return first[0], asked


def test_every_so_often_who_is_answered_beside_other_work_is_asked_to_connect_anew() -> None:
    slow = _Slow()
    first, asked = _beside_a_slow_one(Spread(slow, every=3), slow, 7)
    assert asked == [False, False, True, False, False, True, False]
    assert first == [("Content-Type", "text/plain")]


def test_who_has_the_process_alone_keeps_the_connection() -> None:
    spread = Spread(_Slow(), every=1)
    assert [_headers(spread, "/") for _ in range(5)] == [[("Content-Type", "text/plain")]] * 5


def test_http_2_has_no_such_header() -> None:
    slow = _Slow()
    _, asked = _beside_a_slow_one(Spread(slow, every=1), slow, 3, "HTTP/2.0")
    assert asked == [False, False, False]


def test_a_request_that_fails_is_worked_on_no_longer() -> None:
    spread = Spread(_Slow(), every=1)
    with pytest.raises(RuntimeError, match="/fails"):
        _headers(spread, "/fails")
    assert _headers(spread, "/") == [("Content-Type", "text/plain")]
