"""Draft: a linkage model document becomes a version that nobody uses yet; imported, or handed over by training."""

from __future__ import annotations

import re

from audit.actions import Action
from audit.record import entry_by, record
from matching.model import InvalidModel, LinkageModel
from matching.model_document import from_text, to_document
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import LinkageModelVersion, ModelStatus
from mpi.services.locking import run_act, transaction_time
from mpi.services.model_versions import SUBJECT, find_version, model_document, refusal

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_JUSTIFICATION = 4_000


def import_model(*, text: str, actor: Actor) -> LinkageModelVersion:
    """Draft the document of a JSON text, as it is. Raises Forbidden, and InvalidInput with the reason and the place."""
    require(actor, Permission.MODEL_MANAGE)
    try:
        model = from_text(text)
    except InvalidModel as error:
        raise refusal(error, "The document was not imported.") from error
    return draft_model(model=model, origin="imported", actor=actor)


def draft_model(*, model: LinkageModel, origin: str, actor: Actor) -> LinkageModelVersion:
    """Keep a model as a draft, in a transaction of its own. Raises Forbidden, InvalidInput.

    Its author is whoever acts, whatever the document says: another person has to approve it.
    """
    require(actor, Permission.MODEL_MANAGE)
    check_new(model.version, model.justification)

    def act() -> LinkageModelVersion:
        check_free(model.version, model.content_hash)
        version = LinkageModelVersion.objects.create(
            name=model.version,
            content_hash=model.content_hash,
            document=to_document(model),
            status=ModelStatus.DRAFT,
            justification=model.justification,
            author=actor.name,
            author_id=actor.id,
            created_at=transaction_time(),
        )
        record(
            entry_by(
                actor,
                Action.MODEL_DRAFTED,
                subject=(SUBJECT, version.name),
                after={"status": str(version.status), "content_hash": version.content_hash},
                detail={"origin": origin, "document_author": model.author},
            )
        )
        return version

    return run_act(act)


def check_new(name: str, justification: str) -> None:
    """Raise InvalidInput unless name and justification can be those of a version."""
    if not _NAME.fullmatch(name):
        flaw = Flaw("version", "is no name", "use 1 to 64 letters, digits, dots, hyphens and underscores")
        raise InvalidInput("The linkage model was not drafted: its version name cannot be used.", flaws=[flaw])
    if not justification.strip():
        flaw = Flaw("justification", "is empty", "say why this model is right for this index")
        raise InvalidInput("The linkage model was not drafted: it has no justification.", flaws=[flaw])
    if len(justification) > _LONGEST_JUSTIFICATION:
        flaw = Flaw("justification", f"is longer than {_LONGEST_JUSTIFICATION:,} characters", "shorten it")
        raise InvalidInput("The linkage model was not drafted: its justification is too long.", flaws=[flaw])


def check_free(name: str, content_hash: str = "") -> None:
    """Raise InvalidInput where a version of this name or content is known already."""
    if LinkageModelVersion.objects.filter(name=name).exists():
        flaw = Flaw("version", f"“{name}” is taken", "give the new version a name of its own")
        raise InvalidInput(f"There is a linkage model “{name}” already; a version is never changed.", flaws=[flaw])
    same = LinkageModelVersion.objects.filter(content_hash=content_hash).values_list("name", flat=True).first()
    if same is not None:
        flaw = Flaw("content_hash", f"is that of “{same}”", "use that version")
        raise InvalidInput(f"This very document is known already as “{same}”; nothing was changed.", flaws=[flaw])


def export_model(*, name: str, actor: Actor) -> dict[str, object]:
    """The document of a version, as it was drafted. Raises Forbidden, NotFound. Audited."""
    require(actor, Permission.MODEL_READ)

    def act() -> dict[str, object]:
        version = find_version(name)
        record(entry_by(actor, Action.EXPORT_MODEL, subject=(SUBJECT, version.name)))
        return model_document(version.pk)

    return run_act(act)
