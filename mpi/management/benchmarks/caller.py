"""One client with one kept-alive HTTP/1.1 connection (RFC 9112 §9.3), in a process of its own.

Run as a program: reads `{"host", "port", "token", "requests": [[method, path, body], …], "warm": n}` from its
standard input, calls the first `warm` requests unmeasured, says `ready`, waits for a line, calls the rest one
after the other, and writes `{"ms": […], "answers": […], "statuses": {…}, "began": s, "ended": s, "processor_s": s}`
(monotonic clock; `answers` are CRC-32 of the bodies, to compare what was answered in different runs; `processor_s` is
what the client itself took of the processor that it shares with the server).
Standard library only, and nothing of this project: the client shall cost as little as it can.
"""

from __future__ import annotations

import json
import socket
import sys
import time
import zlib
from collections import Counter

_BLOCK = 1 << 16


class Connection:
    """A socket that sends one prepared request and reads one whole answer."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._server, timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, request: bytes) -> tuple[int, bytes]:
        """Status and body; connects anew when the server asks for it. Raises OSError when it hangs up unasked."""
        self._socket.sendall(request)
        received = self._more()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = received[:end].lower()
        place = head.find(b"content-length:")
        length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        body = received[end + 4 :]
        while len(body) < length:
            body += self._more()
        if b"\r\nconnection: close" in head:
            self._socket.close()
            self._connect()
        return int(head[9:12]), body

    def _more(self) -> bytes:
        block = self._socket.recv(_BLOCK)
        if not block:
            raise ConnectionError("The server closed the connection.")
        return block


def prepared(told: dict[str, object], method: str, path: str, body: str) -> bytes:
    """One request as it goes over the wire."""
    content = body.encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {told['host']}:{told['port']}\r\nAuthorization: Bearer {told['token']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def main() -> None:
    told = json.loads(sys.stdin.readline())
    requests = [prepared(told, *request) for request in told["requests"]]
    connection = Connection(told["host"], told["port"])
    for request in requests[: told["warm"]]:
        connection.call(request)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    took, answers, statuses = [], [], Counter[str]()
    worked = time.process_time()
    began = now = time.monotonic()
    for request in requests[told["warm"] :]:
        status, body = connection.call(request)
        after = time.monotonic()
        took.append(round(1000 * (after - now), 3))
        answers.append(zlib.crc32(body))
        statuses[str(status)] += 1
        now = time.monotonic()
    told = {"ms": took, "answers": answers, "statuses": statuses, "began": began, "ended": now}
    json.dump(told | {"processor_s": time.process_time() - worked}, sys.stdout)


if __name__ == "__main__":
    main()
