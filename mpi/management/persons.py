"""Who acts at a command line: the machine's operator, or a user of the index who gives a password."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import replace

from django.core.management.base import CommandError
from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from mpi.access import ROLES
from mpi.commands import Actor, system_actor
from mpi.models import User


def operator(command: str) -> Actor:
    """The index itself, acting for whoever may run commands on this machine; the account is in the name."""
    actor = system_actor(command, source="command")
    return replace(actor, name=f"{command} ({_account()})")


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return f"account {os.getuid()}"


def actor_at_command_line(command: str, username: str) -> Actor:
    """The user of this name after a password, with the permissions of the user's roles; the operator for "".

    The password is asked for, or MPI_PASSWORD. Raises CommandError; both outcomes are audited.
    """
    if not username:
        return operator(command)
    password = os.environ.get("MPI_PASSWORD", "")
    if not password and sys.stdin.isatty():
        password = getpass.getpass(f"Password of {username}: ")
    user = User.objects.filter(username=username, is_active=True).first()
    right = user is not None and user.check_password(password)
    actor = _actor(username, user if right else None)
    with transaction.atomic():
        entry = Action.SIGN_IN_SUCCEEDED if right else Action.SIGN_IN_FAILED
        record(entry_by(actor, entry, outcome="success" if right else "refused", detail={"command": command}))
    if not right:
        raise CommandError(
            f"The password of {username} is asked for at a terminal, or read from MPI_PASSWORD; this was not it. "
            "Nothing was changed."
        )
    return actor


def _actor(username: str, user: User | None) -> Actor:
    roles = user.groups.values_list("name", flat=True) if user else ()
    held = [ROLES.get(role, frozenset()) for role in roles]
    permissions: frozenset[str] = frozenset().union(*held)
    return Actor(kind="user", id=username[:120], name=str(user or username)[:120], permissions=permissions)
