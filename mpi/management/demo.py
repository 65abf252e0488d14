"""The demonstration: a synthetic town in an index of its own, ready to look at.

Everything is deterministic by seed and safe to run again: what is there already is left as it is.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from django.conf import settings

from mpi.access import SCOPES
from mpi.commands import Actor
from mpi.errors import InvalidInput
from mpi.management.demo_clock import PEOPLE
from mpi.management.demo_people import SYSTEMS
from mpi.models import ApiClient, GoldenRecord, GoldenStatus, Link, LinkOrigin, PotentialMatch, SourceRecord, User
from mpi.models import PotentialMatchStatus as Status
from mpi.services.clients import create_client
from mpi.services.systems import register_system
from mpi.services.users import put_user
from mpi.synthetic.files import write_population
from mpi.synthetic.generate import generate
from mpi.synthetic.systems import DEFAULT_SYSTEMS

RECORDS = 10_000
SEED = 20_261_121
CLIENT = "demo"
_TOWN = tuple(system.code for system in DEFAULT_SYSTEMS)


def folder() -> Path:
    """Where the demonstration keeps its files, readable by its owner only."""
    path = settings.MPI_HOME / "demo"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def refuse_real_data() -> None:
    """Synthetic patients must never mix with real ones. Raises InvalidInput."""
    ours = [*_TOWN, *(code for code, _, _ in SYSTEMS), settings.REGISTRATION_SYSTEM]
    if SourceRecord.objects.exclude(source_system__code__in=ours).exists():
        raise InvalidInput(
            "This index holds records of other source systems; the demonstration would mix synthetic patients with "
            "them. Nothing was changed. Set MPI_HOME to an empty folder (and no DATABASE_URL) for the demonstration."
        )


def population(*, records: int = RECORDS) -> tuple[Path, Path]:
    """The import file and the truth file, written unless they are there.

    Raises InvalidInput for another size than before: the same numbers would stand for other people.
    """
    if records < 1:
        raise InvalidInput("--records must be 1 or more.")
    out, truth = folder() / f"records-{records}.csv", folder() / f"truth-{records}.csv"
    if others := sorted(path.name for path in folder().glob("records-*.csv") if path != out):
        raise InvalidInput(
            f"This demonstration was begun with {others[0]}; another size would mix two towns. Nothing was changed. "
            "Give the same --records, or an empty folder in MPI_HOME."
        )
    if not (out.exists() and truth.exists()):
        write_population(generate(records, SEED), out=out, truth=truth)
        for path in (out, truth):
            path.chmod(0o600)
    return out, truth


def register_systems(actor: Actor) -> None:
    """The four source systems with their ranks."""
    for system in DEFAULT_SYSTEMS:
        register_system(code=system.code, name=system.name, rank=system.rank, actor=actor)


def sign_ins(actor: Actor) -> dict[str, str]:
    """Users of each role with passwords of this installation, kept in the demo folder."""
    path = folder() / "sign-ins.json"
    before: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    known = {username: before.get(username) or secrets.token_urlsafe(12) for username in PEOPLE}
    if known != before:
        _write_private(path, json.dumps(known))
    for username, (name, role) in PEOPLE.items():
        if not User.objects.filter(username=username).exists():
            put_user(username=username, display_name=name, roles=[role], password=known[username], actor=actor)
    return known


def token_file(actor: Actor) -> Path:
    """A file with the token of a demo client that may do everything a client can."""
    path = folder() / "token"
    if not ApiClient.objects.filter(client_id=CLIENT).exists():
        _write_private(path, create_client(name=CLIENT, scopes=SCOPES, actor=actor).token)
    return path


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def counts() -> dict[str, int]:
    """What the index holds now of the town whose figures are measured; the people of the story are left out."""
    links = Link.objects.filter(ended_at__isnull=True, source_record__source_system__code__in=_TOWN)
    golden = GoldenRecord.objects.filter(pk__in=links.values("golden_record"))
    live = list(golden.values_list("status", flat=True))
    asked = PotentialMatch.objects.filter(status=Status.OPEN, record_a__source_system__code__in=_TOWN)
    return {
        "records": SourceRecord.objects.filter(source_system__code__in=_TOWN).count(),
        "golden_records": len(live),
        "auto_linked": links.exclude(origin__in=(LinkOrigin.FIRST, LinkOrigin.STEWARD)).count(),
        "potential_matches": asked.count(),
        "provisional": live.count(GoldenStatus.PROVISIONAL),
    }
