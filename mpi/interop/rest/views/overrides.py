"""`golden-records/{euid}/overrides`: a steward sets a golden value, and lifts it again."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from mpi.access import Permission
from mpi.interop.rest.acts import ActDoor
from mpi.interop.rest.bodies import checked, json_body
from mpi.interop.rest.operation import IDEMPOTENCY_KEY, operation
from mpi.interop.rest.shapes_overrides import LiftOverrideBodyShape, OverrideBodyShape
from mpi.interop.rest.shapes_records import ActShape
from mpi.interop.rest.views.golden_records import stored_euid
from mpi.services.override import lift_value, set_value

_TAG = "identity acts"


class Overrides(ActDoor):
    """Values of stewards."""

    @operation(
        "Set a golden value",
        tag=_TAG,
        name="set_golden_value",
        scope=Permission.MERGE,
        body=OverrideBodyShape,
        answers={201: ActShape},
        headers=(IDEMPOTENCY_KEY,),
        words="Stronger than what sources tell, until it expires or is lifted; one set before ends. It is checked as a "
        "source's value is. Undo it by its event.",
    )
    def post(self, request: Request, euid: str) -> Response:
        """Set."""
        golden, told = stored_euid(euid), checked(OverrideBodyShape, json_body(request))
        return self.decide(
            request,
            lambda: set_value(
                euid=golden,
                field=told["field"],
                value=told["value"],
                reason=told["reason"],
                version=told["version"],
                expires_at=told.get("expires_at"),
                actor=self.actor,
            ),
            status=201,
        )


class LiftOverride(ActDoor):
    """A value that a steward has set."""

    @operation(
        "Lift a golden value that was set",
        tag=_TAG,
        name="lift_golden_value",
        scope=Permission.MERGE,
        body=LiftOverrideBodyShape,
        answers={200: ActShape},
        headers=(IDEMPOTENCY_KEY,),
        words="The value is what the source records make it again.",
    )
    def post(self, request: Request, euid: str, field: str) -> Response:
        """Lift."""
        golden, told = stored_euid(euid), checked(LiftOverrideBodyShape, json_body(request))
        return self.decide(
            request,
            lambda: lift_value(
                euid=golden, field=field, reason=told["reason"], version=told["version"], actor=self.actor
            ),
        )
