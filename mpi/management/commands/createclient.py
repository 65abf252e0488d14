"""Create a token client, or give one a new token. The token is printed once and kept nowhere."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mpi.access import SCOPES
from mpi.commands import system_actor
from mpi.errors import MpiError
from mpi.services.clients import CreatedClient, create_client, rotate_token


def _listed(told: list[str]) -> list[str]:
    """Names given one by one or joined by commas."""
    return [part for word in told for part in word.split(",") if part]


class Command(BaseCommand):
    """`createclient NAME --scopes match records.write [--systems A B] [--rotate] [--json]`."""

    help = "Create a token client and print its key once; --rotate gives an existing client a new key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="a name for the program: letters, digits and hyphens")
        parser.add_argument("--scopes", nargs="+", default=[], help=f"of: {', '.join(SCOPES)}; or all")
        parser.add_argument("--systems", nargs="+", default=[], help="source systems it may write; none means all")
        parser.add_argument(
            "--rotate", action="store_true", help="a new key for an existing client; the old one is void"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        made = self._made(options)
        client = made.client
        if options["json"]:
            told = {
                "client_id": client.client_id,
                "token": made.token,
                "scopes": client.scopes,
                "systems": client.systems,
            }
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(f"Client {client.client_id}; scopes: {', '.join(client.scopes)}")
        self.stdout.write(f"May write: {', '.join(client.systems) or 'all source systems'}")
        self.stdout.write("The key is shown this once. Send it as “Authorization: Bearer <key>”.")
        self.stdout.write(made.token)

    def _made(self, options: dict[str, Any]) -> CreatedClient:
        actor = system_actor("createclient", source="command")
        scopes = list(SCOPES) if "all" in options["scopes"] else _listed(options["scopes"])
        try:
            if options["rotate"]:
                return rotate_token(name=options["name"], actor=actor)
            return create_client(name=options["name"], scopes=scopes, systems=_listed(options["systems"]), actor=actor)
        except MpiError as error:
            flaws = "".join(f"\n  {flaw.field} {flaw.problem}: {flaw.mend}" for flaw in error.flaws)
            raise CommandError(f"{error.detail}{flaws}") from None
