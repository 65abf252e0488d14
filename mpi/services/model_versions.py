"""Finding and locking linkage model versions. Few rows, seldom changed: an act locks them all, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from matching.model import InvalidModel, LinkageModel
from matching.model_document import from_document
from mpi.errors import Flaw, InvalidInput, NotFound
from mpi.models import LinkageModelVersion, ModelStatus

SUBJECT = "linkage_model"
"""How a version is named in the audit log: this type, and its name."""


@dataclass(frozen=True, slots=True)
class ModelAct:
    """What an act on a version did."""

    name: str
    status: str
    message: str


def find_version(name: str) -> LinkageModelVersion:
    """The version of this name, without its document. Raises NotFound."""
    found = LinkageModelVersion.objects.defer("document").filter(name=name).first()
    if found is None:
        raise NotFound("There is no linkage model of this name. “manage.py linkagemodel list” shows all.")
    return found


def lock_versions(name: str) -> tuple[LinkageModelVersion, LinkageModelVersion | None]:
    """The version of this name and the active one, every version locked. Call inside a transaction. Raises NotFound.

    Not against links that name a version (FOR NO KEY UPDATE): no load, however long, has to end first.
    """
    rows = list(LinkageModelVersion.objects.defer("document").select_for_update(no_key=True).order_by("pk"))
    active = next((row for row in rows if row.status == ModelStatus.ACTIVE), None)
    for row in rows:
        if row.name == name:
            return row, active
    raise NotFound("There is no linkage model of this name; nothing was changed.")


def model_document(pk: int) -> dict[str, object]:
    """The document of a version. One query."""
    document: dict[str, object] = LinkageModelVersion.objects.values_list("document", flat=True).get(pk=pk)
    return document


def readable_model(version: LinkageModelVersion) -> LinkageModel:
    """The model of a version. Raises InvalidInput when this release cannot read its document."""
    try:
        return from_document(model_document(version.pk))
    except InvalidModel as error:
        raise refusal(error, f"This release cannot use the linkage model {version.name}.") from error


_LINE = re.compile(r"line (\d+), column (\d+)")


def refusal(error: InvalidModel, words: str) -> InvalidInput:
    """The refusal of a document, with reason and place."""
    line = _LINE.fullmatch(error.place)
    mend = "mend the document there"
    if error.place == "content_hash":
        mend = "import the document as it was exported, or leave content_hash out if it was changed on purpose"
    flaw = Flaw(
        "document" if line else error.place or "document",
        "is where it is refused",
        mend,
        line=int(line[1]) if line else None,
        column=int(line[2]) if line else None,
    )
    return InvalidInput(f"{words} {error} Nothing was changed.", flaws=[flaw])
