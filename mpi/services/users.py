"""People who sign in: a user with roles, audited."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import ROLES, Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import User


def put_user(*, username: str, display_name: str, roles: Sequence[str], password: str, actor: Actor) -> User:
    """Create a user, or give a known one these roles and this password. Raises Forbidden, InvalidInput."""
    require(actor, Permission.USERS)
    if unknown := [role for role in roles if role not in ROLES]:
        flaw = Flaw("roles", f"“{unknown[0]}” is not a role", f"use {', '.join(ROLES)}")
        raise InvalidInput("The user was not changed.", flaws=[flaw])
    with transaction.atomic():
        user, created = User.objects.get_or_create(username=username)
        before = [] if created else sorted(user.groups.values_list("name", flat=True))
        user.display_name = display_name
        user.set_password(password)
        user.save(update_fields=["display_name", "password"])
        user.groups.set(Group.objects.filter(name__in=roles))
        record(
            entry_by(
                actor,
                Action.ROLE_CHANGED,
                subject=("user", username),
                before={"roles": before},
                after={"roles": sorted(roles)},
            )
        )
    return user
