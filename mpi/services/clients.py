"""Token clients: programs that call the index. The token is shown once; the index keeps a keyed hash of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from audit.actions import Action
from audit.record import entry_by, record
from mpi import vault
from mpi.access import SCOPES, Permission, require
from mpi.commands import Actor
from mpi.database.straight import ask
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.models import ApiClient, SourceSystem

_TOKEN = re.compile(r"mpi_[A-Za-z0-9_-]{43}")
_TOKEN_BYTES = 32  # ASVS 5 11.5.1: at least 128 bits of a secure generator
_NAME_LIMIT = 64
_WHOSE = (
    "SELECT jsonb_build_array(client_id, name, scopes, systems) FROM mpi_api_client "
    "WHERE token_hash = $1::bytea AND revoked_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class CreatedClient:
    """A client and its token, which cannot be shown again."""

    client: ApiClient
    token: str


@dataclass(frozen=True, slots=True)
class KnownClient:
    """What a door must know of the client that a token names. `systems` are those it may write for; none means all."""

    client_id: str
    name: str
    scopes: frozenset[str]
    systems: tuple[str, ...]


def find_client(token: str) -> KnownClient | None:
    """The client of a token unless it was revoked. One query on a unique index; none for what cannot be a token.

    Asked anew for every request: a token that was revoked or rotated is void at once.
    """
    if not _TOKEN.fullmatch(token):
        return None
    for (told,) in ask(_WHOSE, f"\\x{_hash(token).hex()}"):
        client_id, name, scopes, systems = orjson.loads(told or b"")
        return KnownClient(client_id, name, frozenset(scopes), tuple(systems))
    return None


def create_client(*, name: str, scopes: Sequence[str], systems: Sequence[str] = (), actor: Actor) -> CreatedClient:
    """Register a program. `systems` limits the source systems it may write; none means all.

    Raises Forbidden, InvalidInput (unknown scope or system, a name that is taken).
    """
    require(actor, Permission.USERS)
    client_id = slugify(name)
    flaws = [*_name_flaws(name, client_id), *_scope_flaws(scopes), *_system_flaws(systems)]
    if flaws:
        raise InvalidInput("The client cannot be created.", flaws=flaws)
    token = _new_token()
    with transaction.atomic(durable=True):
        client, created = ApiClient.objects.get_or_create(
            client_id=client_id,
            defaults={
                "name": name,
                "token_hash": _hash(token),
                "scopes": sorted(set(scopes)),
                "systems": sorted(set(systems)),
                "created_at": timezone.now(),
            },
        )
        if not created:
            mend = "choose another name, or give this client a new token with --rotate"
            raise InvalidInput("The client cannot be created.", flaws=[Flaw("name", "is taken", mend)])
        after: dict[str, object] = {"scopes": client.scopes, "systems": client.systems}
        record(entry_by(actor, Action.CLIENT_CREATED, subject=("client", client_id), after=after))
    return CreatedClient(client, token)


def rotate_token(*, name: str, actor: Actor) -> CreatedClient:
    """Give a client a new token; the old one is void at once. Scopes stay. Raises Forbidden, NotFound."""
    require(actor, Permission.USERS)
    token = _new_token()
    with transaction.atomic(durable=True):
        client = _locked(name)
        client.token_hash = _hash(token)
        client.save(update_fields=["token_hash"])
        detail: dict[str, object] = {"token": "rotated"}
        record(entry_by(actor, Action.CLIENT_CREATED, subject=("client", client.client_id), detail=detail))
    return CreatedClient(client, token)


def revoke_client(*, name: str, actor: Actor) -> ApiClient:
    """Void a client's token for good; its name stays taken, for the log. Raises Forbidden, NotFound."""
    require(actor, Permission.USERS)
    with transaction.atomic(durable=True):
        client = _locked(name)
        client.revoked_at = timezone.now()
        client.save(update_fields=["revoked_at"])
        record(entry_by(actor, Action.CLIENT_REVOKED, subject=("client", client.client_id)))
    return client


def _locked(name: str) -> ApiClient:
    found = ApiClient.objects.select_for_update().filter(client_id=slugify(name), revoked_at__isnull=True).first()
    if found is None:
        raise NotFound("There is no client of this name, or it was revoked.")
    return found


def _new_token() -> str:
    return "mpi_" + secrets.token_urlsafe(_TOKEN_BYTES)


def _hash(token: str) -> bytes:
    return vault.blind_index("client-token", token)


def _name_flaws(name: str, client_id: str) -> list[Flaw]:
    if client_id and len(name) <= _NAME_LIMIT:
        return []
    return [Flaw("name", "is not a name", f"use 1 to {_NAME_LIMIT} letters, digits and hyphens")]


def _scope_flaws(scopes: Sequence[str]) -> list[Flaw]:
    mend = f"the scopes are {', '.join(SCOPES)}"
    if not scopes:
        return [Flaw("scopes", "are missing", mend)]
    return [Flaw("scopes", f"“{scope}” is no scope", mend) for scope in scopes if scope not in SCOPES]


def _system_flaws(systems: Sequence[str]) -> list[Flaw]:
    known = set(SourceSystem.objects.filter(code__in=systems).values_list("code", flat=True)) if systems else set()
    return [
        Flaw("systems", f"“{code}” is not registered", "register it first") for code in systems if code not in known
    ]
