"""The matching page: the active linkage model, its thresholds and weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from matching.levels import HOUSE, Surname, house_level, house_parts
from matching.model import Comparison, Level, LinkageModel, Thresholds
from matching.model_document import from_document
from mpi.models import LinkageModelVersion, ModelStatus


@dataclass(frozen=True, slots=True)
class Weight:
    """One level in words, with its m, u and match weight in bits."""

    words: str
    m: float
    u: float
    bits: float


@dataclass(frozen=True, slots=True)
class WeightTable:
    """The levels of one comparison; the house comparison is cut into one table a family-name level."""

    title: str
    levels: tuple[Weight, ...]


def active_version() -> LinkageModelVersion | None:
    """The active version, without its document. One query."""
    return LinkageModelVersion.objects.filter(status=ModelStatus.ACTIVE).defer("document").first()


def other_versions() -> tuple[LinkageModelVersion, ...]:
    """All other versions, newest first, without their documents. One query."""
    rows = LinkageModelVersion.objects.exclude(status=ModelStatus.ACTIVE).defer("document")
    return tuple(rows.order_by("-pk")[:50])


def model_of(version: LinkageModelVersion) -> LinkageModel:
    """The model of a version; a version never changes, so it is read once a process."""
    return _model(version.pk, version.content_hash)


@lru_cache(maxsize=4)
def _model(pk: int, _content_hash: str) -> LinkageModel:
    return from_document(LinkageModelVersion.objects.values_list("document", flat=True).get(pk=pk))


def thresholds_of(version: LinkageModelVersion) -> Thresholds:
    """The thresholds of a version, without reading the rest of its document; once a process."""
    return _thresholds(version.pk, version.content_hash)


@lru_cache(maxsize=64)
def _thresholds(pk: int, _content_hash: str) -> Thresholds:
    told = LinkageModelVersion.objects.values_list("document__thresholds", flat=True).get(pk=pk)
    return Thresholds(automatic=told["automatic"], review=told["review"])


def weight_tables(model: LinkageModel) -> tuple[WeightTable, ...]:
    """All levels but the missing ones, comparison by comparison. No query."""
    tables: list[WeightTable] = []
    for place, comparison in enumerate(model.comparisons):
        if place == HOUSE:
            tables += _house_tables(comparison)
        else:
            tables.append(WeightTable(comparison.title, tuple(map(_weight, comparison.levels[1:]))))
    return tuple(tables)


def _house_tables(comparison: Comparison) -> list[WeightTable]:
    by_surname: dict[Surname, list[Level]] = {}
    for number, level in enumerate(comparison.levels):
        surname, _ = house_parts(number)
        if number != house_level(0, 0):
            by_surname.setdefault(surname, []).append(level)
    return [_house_table(levels) for levels in by_surname.values()]


def _house_table(levels: list[Level]) -> WeightTable:
    """The words of a house level are "family name part, contact part": the first heads the table."""
    heading = levels[0].words.rpartition(", ")[0]
    weights = (_weight(level) for level in levels)
    return WeightTable(
        f"Address, phone and e-mail, with {heading}",
        tuple(replace(weight, words=weight.words.removeprefix(f"{heading}, ")) for weight in weights),
    )


def _weight(level: Level) -> Weight:
    return Weight(level.words, level.m, level.u, level.bits)
