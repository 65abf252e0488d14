"""The way of every identity act through the door: idempotency key, service, answer."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.interop.rest.documents_operations import act_document
from mpi.interop.rest.door import Door
from mpi.interop.rest.idempotency import Answer, key_of, once
from mpi.services.act import ActResult


class ActDoor(Door):
    """A view whose method changes something, at most once a key."""

    def carry_out(self, request: Request, act: Callable[[], Answer], *, body: bytes | None = None) -> Response:
        """Act once and answer. A repeated answer says so in `Idempotency-Replayed`. `body`: what was read already."""
        told = request._request
        content = told.body if body is None else body
        sent = b"\n".join((str(told.method).encode(), told.get_full_path().encode(), content))
        answer, replayed = once(client_id=self.client.client_id, key=key_of(told), request=sent, act=act)
        headers = {"Location": answer.location} if answer.location else {}
        if replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(answer.document, status=answer.status, headers=headers)

    def decide(self, request: Request, act: Callable[[], ActResult], *, status: int = 200) -> Response:
        """As `carry_out` for an identity act."""
        return self.carry_out(request, lambda: Answer(status, act_document(act())))
