"""Who can be given a task, and how much each has already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from mpi.access import ROLES, Permission
from mpi.models import User
from review.models import Assignment

_MAY_REVIEW = tuple(role for role, permissions in ROLES.items() if Permission.REVIEW in permissions)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person who may review. `load` counts the open tasks that are assigned to them."""

    user_id: str
    name: str
    load: int


def colleagues() -> tuple[Colleague, ...]:
    """Everybody who may review and can sign in, by name. Two queries."""
    users = User.objects.filter(is_active=True, groups__name__in=_MAY_REVIEW).distinct()
    waits = Q(potential_match__status="open") | Q(identity_task__status="open")
    open_ones = Assignment.objects.filter(waits, ended_at__isnull=True).order_by().values("user_id")
    load = dict(open_ones.annotate(n=Count("pk")).values_list("user_id", "n"))
    known = [Colleague(user.get_username(), str(user), load.get(user.get_username(), 0)) for user in users]
    return tuple(sorted(known, key=lambda colleague: colleague.name.casefold()))


def dealt(tasks: Sequence[object], people: Iterable[Colleague]) -> list[Colleague]:
    """Whom each task goes to: in turn, beginning with who has least. Pure; no people is no order."""
    order = sorted(people, key=lambda colleague: (colleague.load, colleague.name.casefold()))
    return [order[number % len(order)] for number in range(len(tasks))] if order else []
