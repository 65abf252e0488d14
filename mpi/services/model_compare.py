"""Compare two linkage model versions: what they say, and what that makes of stored pairs and links."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from matching.model_compare import ModelDifference, compare_models
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import NotFound
from mpi.models import LinkageModelVersion, ModelStatus
from mpi.services.model_estimate import GradeChange, LinkEstimate, estimate_links, grade_changes
from mpi.services.model_versions import find_version, readable_model


@dataclass(frozen=True, slots=True)
class TwoVersions:
    """`version` seen from `other`: what it says differently."""

    version: LinkageModelVersion
    other: LinkageModelVersion
    difference: ModelDifference


@dataclass(frozen=True, slots=True)
class Comparison(TwoVersions):
    """The same, and what it would do. Counts of pairs, no values."""

    estimate: LinkEstimate
    grades: tuple[GradeChange, ...]

    @property
    def changed_pairs(self) -> int:
        """Pairs of the sample with another grade."""
        return sum(change.pairs for change in self.grades if change.differs)

    @property
    def compared_pairs(self) -> int:
        """Pairs of the sample."""
        return sum(change.pairs for change in self.grades)

    def to_document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "version": self.version.name,
            "other": self.other.name,
            **self.difference.to_document(),
            "links": self.estimate.to_document(),
            "grades": [asdict(change) for change in self.grades],
            "pairs_compared": self.compared_pairs,
            "pairs_changed": self.changed_pairs,
        }


def compare_versions(*, name: str, other: str = "", actor: Actor) -> Comparison:
    """Compare a version with another one, "" for the active one. Changes nothing.

    Raises Forbidden, NotFound, InvalidInput when this release cannot read one of them. A few seconds at most: samples
    of links and of stored pairs are scored under both.
    """
    told = set_beside(name=name, other=other, actor=actor)
    models = readable_model(told.other), readable_model(told.version)
    return Comparison(told.version, told.other, told.difference, estimate_links(*models), grade_changes(*models))


def set_beside(*, name: str, other: str = "", actor: Actor) -> TwoVersions:
    """The two documents alone, at once. Raises as `compare_versions` does."""
    require(actor, Permission.MODEL_READ)
    version = find_version(name)
    before = find_version(other) if other else active_version()
    return TwoVersions(version, before, compare_models(readable_model(before), readable_model(version)))


def active_version() -> LinkageModelVersion:
    """The active version, without its document. Raises NotFound."""
    found = LinkageModelVersion.objects.defer("document").filter(status=ModelStatus.ACTIVE).first()
    if found is None:
        raise NotFound("No linkage model is active.")
    return found
