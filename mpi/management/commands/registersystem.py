"""`registersystem`: make a source system known before it sends."""

from __future__ import annotations

import json as jsonlib
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from mpi.commands import system_actor
from mpi.errors import MpiError
from mpi.services.systems import LOWEST_RANK, register_system


class Command(BaseCommand):
    help = "Register a source system, or change the name or time zone of a known one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="its code, as the column source_system tells it")
        parser.add_argument("--name", default="", help="its name for people")
        parser.add_argument("--rank", type=int, help=f"of a new one: 1 is trusted most; {LOWEST_RANK} if not told")
        parser.add_argument("--time-zone", default="", help="for times without an offset, such as America/New_York")
        parser.add_argument("--oid", default="", help="OID of its assigning authority")
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(
        self, *, code: str, name: str, rank: int | None, time_zone: str, oid: str, json: bool, **options: object
    ) -> None:
        actor = system_actor("registersystem", source="command")
        try:
            system = register_system(code=code, name=name, rank=rank, time_zone=time_zone, oid=oid, actor=actor)
        except MpiError as error:
            flaws = [f"{flaw.field} {flaw.problem}: {flaw.mend}." for flaw in error.flaws]
            raise CommandError("\n".join([error.detail, *flaws])) from error
        self.stderr.write(f"{system.code} is registered with rank {system.rank}.")
        if json:
            self.stdout.write(jsonlib.dumps({"code": system.code, "name": system.name, "rank": system.rank}))
