"""Acts on what sources say: two numbers of one source merged (A40), that taken back; a golden record retired."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission
from mpi.interop.rest.acts import ActDoor
from mpi.interop.rest.authentication import require_system
from mpi.interop.rest.bodies import checked, json_body, versions_in
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, operation
from mpi.interop.rest.shapes_acts import RetireBodyShape, SourceMergeBodyShape, SourceUnmergeBodyShape
from mpi.interop.rest.shapes_records import ActShape
from mpi.interop.rest.views.golden_records import stored_euid
from mpi.services.retire import retire_golden_record
from mpi.services.source_merge import merge_source_records
from mpi.services.source_unmerge import unmerge_source_records

_TAG = "identity acts"


class Retire(ActDoor):
    """A golden record is no patient."""

    @operation(
        "Retire a golden record",
        tag=_TAG,
        name="retire",
        scope=Permission.MERGE,
        body=RetireBodyShape,
        answers={200: ActShape},
        headers=(IDEMPOTENCY_KEY,),
        words="A test patient, an error: it is not served any more and its source records are withdrawn. What a "
        "source tells of one of them later begins anew. Undo it by its event while no source has told more.",
    )
    def post(self, request: Request, euid: str) -> Response:
        """Retire."""
        golden, told = stored_euid(euid), checked(RetireBodyShape, json_body(request))
        return self.decide(
            request,
            lambda: retire_golden_record(
                euid=golden,
                version=told["version"],
                reason_code=told["reason_code"],
                reason=told.get("reason", ""),
                actor=self.actor,
            ),
        )


class SourceMerges(ActDoor):
    """A source says that two of its own numbers are one patient."""

    @operation(
        "Merge two numbers of one source (HL7 A40)",
        tag=_TAG,
        name="merge_source_records",
        scope=Permission.RECORD_WRITE,
        body=SourceMergeBodyShape,
        answers={201: ActShape},
        headers=(IDEMPOTENCY_KEY,),
        words="The subsumed number answers with the survivor's person from now on; messages under it are refused. "
        "Others of its person stay there; a question asks whether both people are one. Across a separation nothing "
        "changes: 409, and `task` is the task that asks who is right.",
    )
    def post(self, request: Request) -> Response:
        """Merge."""
        told = checked(SourceMergeBodyShape, json_body(request))
        require_system(self.client, self.actor, told["source_system"])
        versions = versions_in(told["versions"], "versions") if "versions" in told else None
        return self.decide(
            request,
            lambda: merge_source_records(
                system=told["source_system"],
                survivor_mrn=told["survivor_mrn"],
                subsumed_mrn=told["subsumed_mrn"],
                versions=versions,
                reason_code=told["reason_code"],
                reason=told.get("reason", ""),
                actor=self.actor,
            ),
            status=201,
        )


class SourceUnmerges(ActDoor):
    """A source takes such a merge back."""

    @operation(
        "Take back a merge of two numbers of one source",
        tag=_TAG,
        name="unmerge_source_records",
        scope=Permission.RECORD_WRITE,
        body=SourceUnmergeBodyShape,
        answers={201: ActShape},
        headers=(IDEMPOTENCY_KEY,),
        words="The number stands for itself again, with the person that it had or who that one was merged into since.",
    )
    def post(self, request: Request) -> Response:
        """Unmerge."""
        told = checked(SourceUnmergeBodyShape, json_body(request))
        require_system(self.client, self.actor, told["source_system"])
        return self.decide(
            request,
            lambda: unmerge_source_records(
                system=told["source_system"],
                subsumed_mrn=told["subsumed_mrn"],
                reason_code=told["reason_code"],
                reason=told.get("reason", ""),
                actor=self.actor,
            ),
            status=201,
        )
