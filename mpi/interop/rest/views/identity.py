"""Identity acts: merge, undo, unmerge, link, unlink, separate, verify. Each with a reason, most with versions."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.interop.rest.acts import ActDoor
from mpi.interop.rest.authentication import require_system
from mpi.interop.rest.bodies import checked, euid_in, json_body, versions_in
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, operation
from mpi.interop.rest.shapes_records import (
    ActShape,
    LinkBodyShape,
    MergeBodyShape,
    SeparationBodyShape,
    UndoBodyShape,
    UnlinkBodyShape,
    UnmergeBodyShape,
    VerifyBodyShape,
)
from mpi.interop.rest.views.golden_records import stored_euid
from mpi.queries import rest_records
from mpi.services.link import link_record
from mpi.services.merge import merge_golden_records
from mpi.services.separate import lift_separation, separate
from mpi.services.undo import undo_event
from mpi.services.unlink import unlink_record
from mpi.services.unmerge import unmerge_golden_records
from mpi.services.verify import verify_golden_record

_TAG = "identity acts"
_ANSWER = {200: ActShape}
_CREATED = {201: ActShape}


class Merge(ActDoor):
    """Two golden records are one person."""

    @operation(
        "Merge a golden record into this one",
        tag=_TAG,
        name="merge",
        scope=Permission.MERGE,
        body=MergeBodyShape,
        answers=_ANSWER,
        headers=(IDEMPOTENCY_KEY,),
        words="The golden record of the address survives. Stale versions, a standing separation or an earlier merge "
        "refuse the act (409). Undo it by its event.",
    )
    def post(self, request: Request, euid: str) -> Response:
        """Merge."""
        survivor, told = stored_euid(euid), checked(MergeBodyShape, json_body(request))
        retired, versions = euid_in(told["retired_euid"], "retired_euid"), versions_in(told["versions"], "versions")
        if versions.keys() != {survivor, retired}:
            flaw = Flaw("versions", "does not name both golden records", "send the version you saw of each, by EUID")
            raise InvalidInput("Nothing was changed.", flaws=[flaw])
        return self.decide(
            request,
            lambda: merge_golden_records(
                survivor_euid=survivor,
                retired_euid=retired,
                versions=versions,
                reason_code=told["reason_code"],
                reason=told.get("reason", ""),
                actor=self.actor,
            ),
        )


class Verify(ActDoor):
    """A provisional golden record is sure."""

    @operation(
        "Verify a golden record",
        tag=_TAG,
        name="verify",
        scope=Permission.MERGE,
        body=VerifyBodyShape,
        answers=_ANSWER,
        headers=(IDEMPOTENCY_KEY,),
    )
    def post(self, request: Request, euid: str) -> Response:
        """Verify."""
        golden, told = stored_euid(euid), checked(VerifyBodyShape, json_body(request))
        return self.decide(
            request,
            lambda: verify_golden_record(euid=golden, version=told["version"], reason=told["reason"], actor=self.actor),
        )


class Undo(ActDoor):
    """A slip is taken back."""

    @operation(
        "Undo an act",
        tag=_TAG,
        name="undo",
        scope=Permission.MERGE,
        body=UndoBodyShape,
        answers=_ANSWER,
        headers=(IDEMPOTENCY_KEY,),
        words="The exact state before; the question is open again. If they are two people, unmerge instead.",
    )
    def post(self, request: Request, event_id: UUID) -> Response:
        """Undo."""
        told = checked(UndoBodyShape, json_body(request))
        return self.decide(request, lambda: undo_event(event_uuid=event_id, reason=told["reason"], actor=self.actor))


class Unmerge(ActDoor):
    """A merge was wrong: they are two people."""

    @operation(
        "Unmerge: they are two people",
        tag=_TAG,
        name="unmerge",
        scope=Permission.MERGE,
        body=UnmergeBodyShape,
        answers=_ANSWER,
        headers=(IDEMPOTENCY_KEY,),
        words="Restores both EUIDs and keeps the two apart from now on.",
    )
    def post(self, request: Request, event_id: UUID) -> Response:
        """Unmerge."""
        told = checked(UnmergeBodyShape, json_body(request))
        return self.decide(
            request,
            lambda: unmerge_golden_records(
                event_uuid=event_id, reason_code=told["reason_code"], reason=told.get("reason", ""), actor=self.actor
            ),
        )


class RecordAct(ActDoor):
    """An act on one source record, named by its number."""

    def record_id(self, system: str, mrn: str) -> int:
        """The record's key. Raises Forbidden (another's system), NotFound."""
        require_system(self.client, self.actor, system)
        found = rest_records.live_record(system, mrn)
        if found is None:
            raise NotFound("There is no source record under this system and number.")
        return found.pk


class Links(RecordAct):
    """A source record belongs to another person than the index thought."""

    @operation(
        "Link a source record to a golden record",
        tag=_TAG,
        name="link",
        scope=Permission.MERGE,
        body=LinkBodyShape,
        answers=_CREATED,
        headers=(IDEMPOTENCY_KEY,),
    )
    def post(self, request: Request) -> Response:
        """End the open link and open another."""
        told = checked(LinkBodyShape, json_body(request))
        record_id, euid = self.record_id(told["source_system"], told["mrn"]), euid_in(told["euid"], "euid")
        return self.decide(
            request,
            lambda: link_record(
                record_id=record_id,
                euid=euid,
                version=told["version"],
                reason_code=told["reason_code"],
                reason=told.get("reason", ""),
                actor=self.actor,
            ),
            status=201,
        )


class Unlink(RecordAct):
    """A source record does not belong to its person."""

    @operation(
        "Unlink a source record",
        tag=_TAG,
        name="unlink",
        scope=Permission.MERGE,
        body=UnlinkBodyShape,
        answers=_ANSWER,
        headers=(IDEMPOTENCY_KEY,),
        words="The record gets a provisional golden record of its own.",
    )
    def post(self, request: Request) -> Response:
        """End the open link."""
        told = checked(UnlinkBodyShape, json_body(request))
        record_id = self.record_id(told["source_system"], told["mrn"])
        return self.decide(
            request,
            lambda: unlink_record(
                record_id=record_id, reason_code=told["reason_code"], reason=told.get("reason", ""), actor=self.actor
            ),
        )


class Separations(ActDoor):
    """Two golden records are different people."""

    @operation(
        "Keep two golden records apart",
        tag=_TAG,
        name="separate",
        scope=Permission.MERGE,
        body=SeparationBodyShape,
        answers=_CREATED,
        headers=(IDEMPOTENCY_KEY,),
        words="A standing decision, honoured by every way in which records are linked.",
    )
    def post(self, request: Request) -> Response:
        """Separate."""
        told = checked(SeparationBodyShape, json_body(request))
        euid_a, euid_b = (euid_in(euid, f"euids[{place}]") for place, euid in enumerate(told["euids"]))
        return self.decide(
            request,
            lambda: separate(
                euid_a=euid_a,
                euid_b=euid_b,
                reason_code=told["reason_code"],
                reason=told.get("reason", ""),
                actor=self.actor,
            ),
            status=201,
        )


class LiftSeparation(ActDoor):
    """A separation is known to be wrong."""

    @operation(
        "Lift a separation",
        tag=_TAG,
        name="lift_separation",
        scope=Permission.MERGE,
        body=UndoBodyShape,
        answers=_ANSWER,
        headers=(IDEMPOTENCY_KEY,),
    )
    def post(self, request: Request, separation_id: UUID) -> Response:
        """Lift."""
        told = checked(UndoBodyShape, json_body(request))
        return self.decide(
            request,
            lambda: lift_separation(separation_uuid=separation_id, reason=told["reason"], actor=self.actor),
        )
