"""Activate an approved linkage model; one that would change many links only after its difference was looked at.

Workers look at the active version before each batch. A batch under way ends under the version it began with, and
its links name that one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.actions import Action
from audit.record import entry_by, record
from matching.model import InvalidModel
from matching.model_document import from_document
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import AlreadyDecided, Flaw, InvalidInput, StaleVersion
from mpi.models import Link, LinkageModelVersion, ModelActivation, ModelStatus, RematchRun
from mpi.services.locking import run_act, transaction_time
from mpi.services.model_estimate import LinkEstimate, estimate_links
from mpi.services.model_versions import (
    SUBJECT,
    ModelAct,
    find_version,
    lock_versions,
    model_document,
    readable_model,
)
from mpi.services.reasons import check_words

_PREVIEW_COVERS = 0.9
"""Share of today's links that a preview must have looked at."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What stands before an activation.

    `estimate` is None where the active model cannot be read by this release, so nothing can be compared.
    `preview` is the finished rematch run that shows the whole difference, where there is one.
    """

    version: LinkageModelVersion
    active: LinkageModelVersion | None
    estimate: LinkEstimate | None
    preview: UUID | None

    @property
    def needs_preview(self) -> bool:
        """Whether more links may change than is allowed without a look at the whole difference."""
        return self.estimate is None or self.estimate.at_most > settings.MODEL_CHANGE_SHARE

    @property
    def is_open(self) -> bool:
        """Whether the activation may go on."""
        return not self.needs_preview or self.preview is not None

    @property
    def mend(self) -> str:
        """What to do when it may not."""
        return f"manage.py rematch --model {self.version.name} --dry-run"


def outlook(*, name: str, actor: Actor) -> Outlook:
    """What activating this version would mean. Changes nothing. Raises Forbidden, NotFound, InvalidInput."""
    require(actor, Permission.MODEL_MANAGE)
    return look_ahead(find_version(name))


def look_ahead(version: LinkageModelVersion) -> Outlook:
    """The same without asking who asks."""
    model = readable_model(version)
    active = LinkageModelVersion.objects.defer("document").filter(status=ModelStatus.ACTIVE).first()
    if active is None:
        return Outlook(version, None, LinkEstimate(0, 0, 0, 0), None)
    try:
        estimate = estimate_links(from_document(model_document(active.pk)), model)
    except InvalidModel:
        estimate = None
    return Outlook(version, active, estimate, _preview(version, active))


def _preview(version: LinkageModelVersion, active: LinkageModelVersion) -> UUID | None:
    """The newest finished preview of this version that is not older than the active one's time, over an index that
    was nearly as large as it is now: what came since was not looked at."""
    least = _PREVIEW_COVERS * Link.objects.filter(ended_at__isnull=True).count()
    runs = RematchRun.objects.filter(model_version=version, previewed_at__isnull=False, records__gte=least)
    if active.activated_at is not None:
        runs = runs.filter(previewed_at__gte=active.activated_at)
    return runs.order_by("-previewed_at").values_list("uuid", flat=True).first()


def activate_model(*, name: str, reason: str, actor: Actor, seen_active: str = "") -> ModelAct:
    """Make an approved version the one by which records are compared from now on.

    `seen_active` is the version that the caller saw active; "" is no claim. Raises Forbidden, NotFound,
    InvalidInput (not approved, or a rematch preview is needed first: audited as refused), AlreadyDecided,
    StaleVersion, Busy.
    """
    require(actor, Permission.MODEL_MANAGE)
    check_words(reason)
    _require_approved(find_version(name))
    ahead = look_ahead(find_version(name))
    require_open(ahead, actor)
    return run_act(
        lambda: switch_locked(ahead, reason=reason, actor=actor, seen_active=seen_active, wanted=ModelStatus.APPROVED)
    )


def _require_approved(version: LinkageModelVersion) -> None:
    if version.status == ModelStatus.ACTIVE:
        raise AlreadyDecided(f"The linkage model {version.name} is active already; nothing was changed.")
    mends = {
        ModelStatus.DRAFT: "have it approved by another person first",
        ModelStatus.REJECTED: "draft another version",
        ModelStatus.SUPERSEDED: f"it was active before: “manage.py linkagemodel rollback {version.name}”",
    }
    if version.status in mends:
        flaw = Flaw("status", f"is {version.status}", mends[ModelStatus(version.status)])
        raise InvalidInput(f"The linkage model {version.name} is not approved; nothing was changed.", flaws=[flaw])


def require_open(ahead: Outlook, actor: Actor) -> None:
    """Raise InvalidInput, and write the refusal down, when a rematch preview is needed first and there is none."""
    if ahead.is_open:
        return
    name, limit = ahead.version.name, settings.MODEL_CHANGE_SHARE
    told = ahead.estimate.to_document() if ahead.estimate else {}
    with transaction.atomic():
        detail = {"why": "needs a rematch preview", "estimate": told, "limit": limit}
        record(entry_by(actor, Action.MODEL_ACTIVATED, subject=(SUBJECT, name), outcome="refused", detail=detail))
    if ahead.estimate is None:
        words = "The active linkage model cannot be read by this release, so the difference cannot be estimated."
    else:
        seen = ahead.estimate
        words = (
            f"Of {seen.looked_at:,} links looked at {seen.share.hits:,} would change, so up to {seen.at_most:.2%} of "
            f"{seen.links:,} may; over {limit:.2%} the whole difference must be looked at first."
        )
    problem = "is missing, older than the active version, or of a smaller index"
    flaw = Flaw("preview", problem, f"run “{ahead.mend}” and look at it")
    raise InvalidInput(f"{words} Nothing was changed. Run “{ahead.mend}”, then activate again.", flaws=[flaw])


def switch_locked(
    ahead: Outlook,
    *,
    reason: str,
    actor: Actor,
    seen_active: str,
    wanted: ModelStatus,
) -> ModelAct:
    """The body of activation and rollback. Call inside a transaction: it locks all versions and looks again."""
    version, active = lock_versions(ahead.version.name)
    if version.status == ModelStatus.ACTIVE:
        raise AlreadyDecided(f"The linkage model {version.name} is active already; nothing was changed.")
    seen = seen_active or (ahead.active.name if ahead.active else "")
    now_active = active.name if active else ""
    if version.status != wanted or seen != now_active:
        raise StaleVersion(
            f"Another linkage model ({now_active or 'none'}) has become active since you looked; nothing was changed. "
            "Look again and decide anew.",
            extra={"seen_active": seen, "active": now_active},
        )
    now = transaction_time()
    rollback = wanted == ModelStatus.SUPERSEDED
    if active is not None:
        active.status = ModelStatus.SUPERSEDED
        active.save(update_fields=["status"])
    version.status, version.activated_at = ModelStatus.ACTIVE, now
    version.save(update_fields=["status", "activated_at"])
    _write_down(ahead, version, active, reason=reason, actor=actor, rollback=rollback, now=now)
    was = "rolled back to" if rollback else "active now:"
    return ModelAct(version.name, str(version.status), f"Linkage model {was} {version.name}.")


def _write_down(
    ahead: Outlook,
    version: LinkageModelVersion,
    active: LinkageModelVersion | None,
    *,
    reason: str,
    actor: Actor,
    rollback: bool,
    now: datetime,
) -> None:
    """The activation's row and its audit entry."""
    now_active = active.name if active else ""
    estimate = ahead.estimate.to_document() if ahead.estimate else {}
    ModelActivation.objects.create(
        version=version,
        previous=active,
        is_rollback=rollback,
        actor_id=actor.id,
        actor_name=actor.name,
        reason=reason,
        estimate=estimate,
        preview=ahead.preview,
        recorded_at=now,
    )
    record(
        entry_by(
            actor,
            Action.MODEL_ROLLED_BACK if rollback else Action.MODEL_ACTIVATED,
            subject=(SUBJECT, version.name),
            related=((SUBJECT, now_active),) if now_active else (),
            reason_text=reason,
            before={"active": now_active},
            after={"active": version.name},
            detail={
                "content_hash": version.content_hash,
                "estimate": estimate,
                "preview": str(ahead.preview) if ahead.preview else "",
            },
            recorded_at=now,
        )
    )
