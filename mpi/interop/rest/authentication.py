"""Who calls: a program with a client token, or, for the documentation pages only, somebody signed in."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from audit.actions import Action
from audit.record import entry_by, record
from audit.uuid7 import uuid7
from mpi.access import Permission, allowed
from mpi.commands import Actor
from mpi.errors import Forbidden, NotAuthenticated
from mpi.interop.rest.errors import REALM
from mpi.interop.rest.throttling import FAILURES
from mpi.services.clients import KnownClient, find_client

_HOW = "Send a client token: “Authorization: Bearer …”."


def correlation_id_of(request: HttpRequest) -> UUID:
    """The id of this request: the middleware's where there is one, so that log, audit and answer agree.

    One that begins with the time, as event ids do: at random places of its index each would cost a page of the log.
    """
    found = getattr(getattr(request, "actor", None), "correlation_id", None)
    return found if isinstance(found, UUID) else uuid7()


def client_actor(client: KnownClient, request: HttpRequest, correlation_id: UUID) -> Actor:
    """The actor that a token client is."""
    return Actor(
        kind="client",
        id=client.client_id,
        name=client.name,
        permissions=client.scopes,
        source="rest",
        network_address=request.META.get("REMOTE_ADDR"),
        correlation_id=correlation_id,
    )


class ClientToken(BaseAuthentication):
    """`Authorization: Bearer <token>` (RFC 6750 §2.1). One indexed query; a wrong token is written into the audit."""

    def authenticate(self, request: Request) -> tuple[KnownClient, KnownClient] | None:
        """The client twice, as DRF wants user and credentials; None without the header. Raises NotAuthenticated."""
        scheme, _, token = str(request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise NotAuthenticated(f"The scheme of the Authorization header is not Bearer. {_HOW}")
        address = request.META.get("REMOTE_ADDR") or ""
        FAILURES.refuse_if_spent(address)
        client = find_client(token.strip())
        if client is None:
            FAILURES.spend(address)
            _note_failure(request)
            raise NotAuthenticated(f"The token is not valid, or it was revoked. {_HOW}")
        return client, client

    def authenticate_header(self, request: Request) -> str:
        """What a 401 announces."""
        return REALM


def _note_failure(request: Request) -> None:
    nobody = Actor(
        kind="client",
        id="unknown",
        name="Unknown client",
        source="rest",
        network_address=request.META.get("REMOTE_ADDR"),
        correlation_id=correlation_id_of(request._request),
    )
    with transaction.atomic():
        record(entry_by(nobody, Action.SIGN_IN_FAILED, outcome="refused"))


def require_system(client: KnownClient, actor: Actor, system: str) -> None:
    """Raise Forbidden, and write the refusal down, where a client writes for a source system that is not its own."""
    if not client.systems or system in client.systems:
        return
    refusal = entry_by(actor, Action.ACCESS_REFUSED, outcome="refused", detail={"permission": Permission.RECORD_WRITE})
    with transaction.atomic():
        record(refusal)
    raise Forbidden(
        f"This client may write only for {', '.join(client.systems)}.", extra={"systems": list(client.systems)}
    )


def has_scope(actor: Actor, scope: str) -> bool:
    """Whether the token carries the scope."""
    return allowed(actor, scope)


class ClientTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """The security scheme in the OpenAPI document."""

    target_class = "mpi.interop.rest.authentication.ClientToken"
    name = "clientToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """RFC 6750 bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A client token, made by `manage.py createclient NAME --scopes …`. "
            "Each operation names the scope it needs.",
        }
