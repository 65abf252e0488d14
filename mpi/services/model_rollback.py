"""Roll back to a linkage model that was active before."""

from __future__ import annotations

from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.models import LinkageModelVersion, ModelActivation, ModelStatus
from mpi.services.locking import run_act
from mpi.services.model_activate import look_ahead, require_open, switch_locked
from mpi.services.model_versions import ModelAct, find_version
from mpi.services.reasons import check_words


def roll_back_model(*, reason: str, actor: Actor, name: str = "", seen_active: str = "") -> ModelAct:
    """Make a version active that was so before; "" is the one before the active one.

    The way back to the one before is always open: a bad model must not stay for want of a preview. Going further
    back may change many links, and is held to the same rule as an activation. Raises Forbidden, NotFound,
    InvalidInput, AlreadyDecided, StaleVersion, Busy.
    """
    require(actor, Permission.MODEL_MANAGE)
    check_words(reason)
    before = version_before()
    target = find_version(name) if name else before
    if target is None:
        raise NotFound("No linkage model was active before this one; nothing was changed.")
    if target.status not in (ModelStatus.SUPERSEDED, ModelStatus.ACTIVE):
        flaw = Flaw("status", f"is {target.status}", "roll back to a version that was active before")
        raise InvalidInput(f"The linkage model {target.name} was never active; nothing was changed.", flaws=[flaw])
    ahead = look_ahead(target)
    if before is None or before.pk != target.pk:
        require_open(ahead, actor)
    return run_act(
        lambda: switch_locked(ahead, reason=reason, actor=actor, seen_active=seen_active, wanted=ModelStatus.SUPERSEDED)
    )


def version_before() -> LinkageModelVersion | None:
    """The version that the active one replaced when it was activated, without its document. One query.

    Not the one that was rolled back from: the way back never leads forward again to what was left for its faults.
    """
    activations = ModelActivation.objects.filter(version__status=ModelStatus.ACTIVE, is_rollback=False)
    newest = activations.select_related("previous").defer("previous__document").order_by("-pk").first()
    return newest.previous if newest else None
