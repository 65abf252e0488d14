"""`benchmark pages`: what each page costs the server on an index of many records: time, queries, bytes.

Each page is asked for in this process, through every middleware, as somebody with every role: what the network and the
browser add is not in it. The index is made by a bulk load, with some acts of people on top, so that most pages have
something to show; a page without is named.
"""

from __future__ import annotations

import gzip
import secrets
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mpi.access import ROLES
from mpi.commands import Actor
from mpi.management.benchmarks.index import build_index
from mpi.management.benchmarks.machine import machine
from mpi.management.benchmarks.page_acts import act_a_little
from mpi.management.benchmarks.page_addresses import page_addresses
from mpi.services.users import put_user
from review.queries.metrics_duplicates import count_second_numbers

_NEWCOMERS = 40
_ROUNDS = 7
BAR_MS = 150
BAR_KB = 100
_ASSETS = (
    "mpi/app.css",
    "mpi/app.js",
    "review/review.css",
    "review/queue.css",
    "review/desk.js",
    "django_htmx/htmx-2.min.js",
    "django_htmx/django-htmx.js",
)
"""What the desk loads besides a page itself, sent compressed and kept by the browser."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one page costs: median and highest milliseconds, queries, bytes of its HTML as it is sent."""

    ms: float
    highest_ms: float
    queries: int
    sent_bytes: int

    def __str__(self) -> str:
        kilobytes = self.sent_bytes / 1000
        return f"{self.ms:7.1f} ms, at most {self.highest_ms:7.1f}; {self.queries:3} queries; {kilobytes:6.1f} kB"


def run(*, records: int, seed: int, folder: Path, processes: int, with_splink: bool) -> dict[str, Any]:
    """Measure, and answer what was measured. Nothing here is compared with Splink."""
    built = build_index(records=records, newcomers=_NEWCOMERS, seed=seed, folder=folder, processes=processes)
    act_a_little(built.newcomers, built.actor)
    count_second_numbers(now=timezone.now())  # as beat does by the hour
    client = _somebody_with_every_role(built.actor)
    costs, nothing = _measured(client)
    assets = sum(len(gzip.compress(_asset(name))) for name in _ASSETS)
    slow = {name: cost.ms for name, cost in costs.items() if cost.ms > BAR_MS}
    return {
        "benchmark": "pages",
        "records": records,
        "seed": seed,
        "machine": machine(),
        "pages_measured": len(costs),
        "pages": {name: str(cost) for name, cost in sorted(costs.items(), key=lambda one: -one[1].ms)},
        "pages_with_nothing_to_show": sorted(nothing),
        "slowest_ms": max(cost.ms for cost in costs.values()),
        f"over_{BAR_MS}_ms": slow,
        "assets_kb": round(assets / 1000, 1),
        "most_kb_with_assets": round((max(cost.sent_bytes for cost in costs.values()) + assets) / 1000, 1),
        f"over_{BAR_KB}_kb": sorted(name for name, cost in costs.items() if cost.sent_bytes + assets > BAR_KB * 1000),
    }


def _somebody_with_every_role(actor: Actor) -> Client:
    secret = secrets.token_urlsafe()
    user = put_user(username="benchmark", display_name="Benchmark", roles=list(ROLES), password=secret, actor=actor)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _measured(client: Client) -> tuple[dict[str, Cost], set[str]]:
    """Each page that answers a GET, and those that have nothing to show."""
    costs: dict[str, Cost] = {}
    nothing = set()
    for known in page_addresses():
        if known.has_example and not known.addresses:
            nothing.add(known.name)
        for number, address in enumerate(known.addresses):
            cost = _cost(client, address)
            if cost:
                costs[f"{known.name} {number}" if number else known.name] = cost
    return costs, nothing


def _cost(client: Client, address: str) -> Cost | None:
    """None for what is no page: an act, a file, a redirection."""
    with CaptureQueriesContext(connection) as asked:
        first = client.get(address)
        queries = len(asked)
    if first.status_code != 200 or not first["Content-Type"].startswith("text/html"):
        return None
    took = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        client.get(address)
        took.append(1000 * (time.perf_counter() - began))
    return Cost(statistics.median(took), max(took), queries, len(first.content))


def _asset(name: str) -> bytes:
    path = finders.find(name)
    return Path(path).read_bytes() if isinstance(path, str) else b""
