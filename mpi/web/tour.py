"""The first-run tour: steps on the real pages, kept in the session, so that it works without script and ends by itself.

A step is shown as a note under the bar of whatever page is open; Next opens the page of the following step.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.urls import NoReverseMatch, reverse

from mpi import access
from mpi.commands import Actor
from mpi.web.tour_steps import STEPS

MOVES = ("start", "next", "back", "end")
_STEP = "tour-step"
_DONE = "tour-done"
COOKIE = "tour"
"""Set to "done" in a browser whose user has taken the tour or does not want it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the note says. `number` of `total`, from 1; `url` is the page that the step speaks of."""

    number: int
    total: int
    title: str
    words: str
    url: str

    @property
    def is_last(self) -> bool:
        """Whether Next ends the tour."""
        return self.number == self.total


def steps(actor: Actor) -> tuple[Shown, ...]:
    """The steps whose pages this actor may open and this installation has."""
    found: list[tuple[str, str, str]] = []
    for step in STEPS:
        if step.permission and not access.allowed(actor, step.permission):
            continue
        try:
            found.append((step.title, step.words, reverse(step.page, args=step.arguments)))
        except NoReverseMatch:  # a page that this installation does not have
            continue
    return tuple(Shown(number, len(found), *told) for number, told in enumerate(found, 1))


def current(session: SessionBase, actor: Actor) -> Shown | None:
    """The step at hand, None where no tour is under way."""
    number = session.get(_STEP)
    if not isinstance(number, int):
        return None
    found = steps(actor)
    return found[min(max(number, 1), len(found)) - 1]


def is_offered(session: SessionBase, cookies: dict[str, str]) -> bool:
    """Whether to ask a newcomer: not while one is under way, nor after it was taken or declined."""
    return _STEP not in session and _DONE not in session and cookies.get(COOKIE) != "done"


def go(session: SessionBase, actor: Actor, move: str) -> Shown | None:
    """Start, go on or back; the step then at hand, None once the tour has ended."""
    found = steps(actor)
    at = session.get(_STEP, 0)
    number = 1 if move == "start" else at + {"next": 1, "back": -1}.get(move, len(found))
    if number > len(found):
        session.pop(_STEP, None)
        session[_DONE] = True
        return None
    session[_STEP] = max(number, 1)
    return found[max(number, 1) - 1]
