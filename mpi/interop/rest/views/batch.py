"""`POST records/batch`: many records as NDJSON, one job."""

from __future__ import annotations

from collections.abc import Iterator

from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission
from mpi.errors import Flaw, Forbidden, Malformed, MpiError
from mpi.interop.rest.acts import ActDoor
from mpi.interop.rest.idempotency import Answer
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, operation
from mpi.interop.rest.reading import NDJSON, json_object, require_type, too_large
from mpi.interop.rest.shapes_records import AcceptedShape, RecordWithNumberShape
from mpi.mapping_json import record_from_json
from mpi.services.batch import Line, receive_batch

MOST_BYTES = 20_000_000
_TYPES = (NDJSON, "application/ndjson", "application/jsonl")
_LONGEST_LINE = 100_000


class NdjsonParser(BaseParser):
    """Names the media type for the OpenAPI document; the view reads the lines itself."""

    media_type = NDJSON


class RecordBatch(ActDoor):
    """Many records at once."""

    parser_classes = [NdjsonParser]

    @operation(
        "Register or update many records",
        tag="records",
        name="create_record_batch",
        scope=Permission.RECORD_WRITE,
        body=RecordWithNumberShape,
        answers={202: AcceptedShape},
        headers=(IDEMPOTENCY_KEY,),
        words="NDJSON: one record a line, at most 20,000,000 bytes. Every line stands alone: a bad one is reported in "
        "`jobs/{id}/errors` by number, field and mend, and the others are taken.",
    )
    def post(self, request: Request) -> Response:
        """Store all lines; the workers apply them."""
        body = self._body(request)

        def act() -> Answer:
            job = receive_batch(lines=self._lines(body), name="REST batch", actor=self.actor)
            location = f"/api/v1/jobs/{job.uuid}"
            return Answer(202, {"id": job.uuid, "location": location}, location)

        return self.carry_out(request, act, body=body)

    def _body(self, request: Request) -> bytes:
        told = request._request
        require_type(told, _TYPES)
        announced = str(told.META.get("CONTENT_LENGTH") or "0")
        if announced.isdecimal() and int(announced) > MOST_BYTES:
            raise too_large(MOST_BYTES)
        body = told.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise too_large(MOST_BYTES)
        if not body.strip():
            raise Malformed("The body is empty.", flaws=[Flaw("body", "is empty", "send one JSON object a line")])
        return body

    def _lines(self, body: bytes) -> Iterator[Line]:
        for number, line in enumerate(body.split(b"\n"), start=1):
            if not line.strip():
                continue
            try:
                if len(line) > _LONGEST_LINE:
                    raise too_large(_LONGEST_LINE)
                mapped = record_from_json(json_object(line, line=number))
                self._check_system(mapped.record.source_system)
            except MpiError as error:
                yield number, error
            else:
                yield number, mapped

    def _check_system(self, system: str) -> None:
        """As `require_system`, for one line of many: the job tells it, the audit need not say it a thousand times."""
        if self.client.systems and system not in self.client.systems:
            mend = f"this client may write only for {', '.join(self.client.systems)}"
            flaw = Flaw("source_system", "is not one this client may write for", mend)
            raise Forbidden("The line was not taken.", flaws=[flaw])
