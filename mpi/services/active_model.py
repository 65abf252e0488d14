"""The active linkage model: asked for anew by every batch, read again only when another one has become active.

What only reads may begin with the model that this process saw active last, if it then asks which one is active
together with what it came for, and begins again when that is another one (`services.match`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from matching.model import InvalidModel, LinkageModel
from matching.model_document import from_document
from matching.standardise import STANDARDISER_VERSION
from mpi.database.reading import Rows
from mpi.errors import ServiceDown
from mpi.models import LinkageModelVersion, ModelStatus
from mpi.services.own_key import require_own_key
from mpi.services.rows import fetch_all

MAPPING_VERSION = "1"
ASKED = ("SELECT id, content_hash FROM mpi_linkage_model_version WHERE status = %s", (ModelStatus.ACTIVE.value,))
"""The question for the active model; `read_active` reads its answer."""


@dataclass(frozen=True, slots=True)
class ActiveModel:
    """A model version's key and its document, ready for scoring.

    `settings_hash` names everything that could make the same payload come out differently: mapping,
    standardiser, model and policy.
    """

    pk: int
    model: LinkageModel
    settings_hash: str
    content_hash: str


def active_model() -> ActiveModel:
    """The model that is active now. Cost: one small query. Raises ServiceDown when none is, or under a foreign key."""
    return read_active(fetch_all(ASKED)[0])


def read_active(rows: Rows) -> ActiveModel:
    """The model that the answer to `ASKED` names. Raises as `active_model`."""
    return seen_active(*rows[0]) if rows else none_active()


def none_active() -> NoReturn:
    """Raise ServiceDown: without a model nothing can be decided."""
    raise ServiceDown("No linkage model is active. Run “manage.py migrate” to install the shipped one.")


_last: ActiveModel | None = None


def last_active_model() -> ActiveModel:
    """The model that this process saw active last; it may be another one by now. Raises as `active_model`."""
    return _last or active_model()


def seen_active(pk: int, content_hash: str) -> ActiveModel:
    """The model that the database has just named as active. Raises ServiceDown."""
    global _last
    _last = _load(pk, content_hash)
    return _last


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
    return ActiveModel(pk, model, settings_hash_of(content_hash), content_hash)


def settings_hash_of(content_hash: str) -> str:
    """The settings under which a model of this content reads payloads now."""
    told = f"{MAPPING_VERSION}|{STANDARDISER_VERSION}|{content_hash}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]
