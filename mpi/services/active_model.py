"""The active linkage model: asked for anew by every batch, read again only when another one has become active."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from matching.model import InvalidModel, LinkageModel
from matching.model_document import from_document
from matching.standardise import STANDARDISER_VERSION
from mpi.errors import ServiceDown
from mpi.models import LinkageModelVersion, ModelStatus
from mpi.services.own_key import require_own_key
from mpi.services.rows import fetch

MAPPING_VERSION = "1"
_ACTIVE = "SELECT id, content_hash FROM mpi_linkage_model_version WHERE status = %s"


@dataclass(frozen=True, slots=True)
class ActiveModel:
    """A model version's key and its document, ready for scoring.

    `settings_hash` names everything that could make the same payload come out differently: mapping,
    standardiser, model and policy.
    """

    pk: int
    model: LinkageModel
    settings_hash: str


def active_model() -> ActiveModel:
    """The model that is active now. Cost: one small query. Raises ServiceDown when none is, or under a foreign key."""
    rows = fetch(_ACTIVE, ModelStatus.ACTIVE.value)
    if not rows:
        raise ServiceDown("No linkage model is active. Run “manage.py migrate” to install the shipped one.")
    return _load(*rows[0])


@lru_cache(maxsize=4)
def _load(pk: int, content_hash: str) -> ActiveModel:
    require_own_key()  # here, because all that reads or writes records asks for the model first
    name, document = LinkageModelVersion.objects.values_list("name", "document").get(pk=pk)
    try:
        model = from_document(document)
    except InvalidModel as error:
        raise ServiceDown(
            f"The active linkage model {name} cannot be read by this release: {error} "
            "Activate another one: “manage.py linkagemodel list” shows those that are approved."
        ) from error
    return ActiveModel(pk, model, settings_hash_of(content_hash))


def settings_hash_of(content_hash: str) -> str:
    """The settings under which a model of this content reads payloads now."""
    told = f"{MAPPING_VERSION}|{STANDARDISER_VERSION}|{content_hash}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]
