"""The main navigation: what there is to open, and for whom."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse

from mpi import access
from mpi.commands import Actor
from mpi.queries.navigation import open_review

_ENTRIES = (
    ("dashboard", "Dashboard", "d", None),
    ("search", "Search", "s", access.Permission.PERSON_READ),
    ("register", "Register", "n", access.Permission.REGISTER),
    ("compare", "Compare", "c", access.Permission.MATCH),
    ("review-queue", "Review", "r", access.Permission.REVIEW),
    ("review-proposals", "Proposals", "p", access.Permission.REVIEW),
    ("supervisor", "Desk", "k", access.Permission.SUPERVISE),
    ("messages", "Messages", "m", access.Permission.MESSAGES),
    ("jobs", "Jobs", "j", access.Permission.JOBS),
    ("matching", "Matching", "l", access.Permission.MODEL_READ),
    ("evaluation", "Evaluation", "e", access.Permission.EVALUATION),
    ("audit", "Audit", "a", access.Permission.AUDIT_READ),
    ("help", "Help", "h", None),
)


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry; `key` opens it after G; `count` is shown beside it."""

    url: str
    label: str
    key: str
    current: bool
    count: int | None = None


def entries(actor: Actor, path: str) -> tuple[NavEntry, ...]:
    """The entries this actor may open. One query, for those who review."""
    found = []
    for name, label, key, permission in _ENTRIES:
        if permission is not None and not access.allowed(actor, permission):
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:  # a door that this installation does not have
            continue
        found.append(NavEntry(url, label, key, False, open_review() if name == "review-queue" else None))
    # A page below another one's address is its own: the longest address that fits is where we are.
    fitting = [entry.url for entry in found if path == entry.url or (entry.url != "/" and path.startswith(entry.url))]
    here = max(fitting, key=len, default="")
    return tuple(replace(entry, current=entry.url == here) for entry in found)
