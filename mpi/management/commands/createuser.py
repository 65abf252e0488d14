"""`createuser`: a person who signs in, with roles."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import ArgumentParser

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mpi.access import ROLES
from mpi.commands import system_actor
from mpi.services.users import put_user


class Command(BaseCommand):
    help = "Create a user, or change the roles and password of a known one. The password is asked for, or MPI_PASSWORD."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="as others see it")
        parser.add_argument("--role", action="append", choices=sorted(ROLES), required=True, help="may be repeated")

    def handle(self, *, username: str, name: str, role: list[str], **options: object) -> None:
        password = os.environ.get("MPI_PASSWORD", "")
        if not password and sys.stdin.isatty():
            password = getpass.getpass()
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        actor = system_actor("createuser", source="command")
        put_user(username=username, display_name=name or username, roles=role, password=password, actor=actor)
        self.stderr.write(f"{username} may sign in as {', '.join(sorted(role))}.")
