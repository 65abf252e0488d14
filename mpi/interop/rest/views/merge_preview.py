"""What a merge would do, before anybody does it."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission, access_exact_golden_record
from mpi.euid import grouped
from mpi.interop.rest.bodies import checked, euid_in, json_body
from mpi.interop.rest.documents import person_summary
from mpi.interop.rest.door import Door
from mpi.interop.rest.operation import operation
from mpi.interop.rest.shapes_acts import MergePreviewBodyShape, MergePreviewShape
from mpi.interop.rest.views.golden_records import stored_euid
from mpi.services.merge import preview_merge
from mpi.services.second_person_policy import merge_reasons


class MergePreview(Door):
    """Two golden records may be one person."""

    @operation(
        "Show what a merge into this golden record would do",
        tag="identity acts",
        name="preview_merge",
        scope=Permission.MERGE,
        body=MergePreviewBodyShape,
        answers={200: MergePreviewShape},
        words="Nothing is changed. The versions of both are those to send with the merge; where `separated` is true it "
        "will be refused. Both are written down as read.",
    )
    def post(self, request: Request, euid: str) -> Response:
        """Preview."""
        told = checked(MergePreviewBodyShape, json_body(request))
        sides = (stored_euid(euid), euid_in(told["retired_euid"], "retired_euid"))
        for side in sides:
            access_exact_golden_record(self.actor, side)
        preview = preview_merge(survivor_euid=sides[0], retired_euid=sides[1], actor=self.actor)
        return Response(
            {
                "survivor": person_summary(preview.survivor),
                "retired": person_summary(preview.retired),
                "values": preview.values,
                "changed": list(preview.changed),
                "redirected_euids": [grouped(other) for other in preview.redirected],
                "moved_records": preview.moved_records,
                "potential_matches_closed": preview.potential_matches_closed,
                "separated": preview.separated,
                "asked_by": list(merge_reasons(preview.survivor, preview.retired, actor=self.actor)),
            }
        )
