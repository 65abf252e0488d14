"""Linkage model versions for pages, programs and the command: who drafted and approved, which was active, weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile

from matching.calibration import IDENTITY, Calibration
from matching.levels import HOUSE, Surname, house_level, house_parts
from matching.model import Comparison, Level, LinkageModel, Thresholds
from matching.model_document import from_document, read_calibration
from matching.model_reading import Node
from mpi.errors import NotFound
from mpi.models import LinkageModelVersion, ModelActivation, ModelStatus


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


def versions(*, limit: int = 200) -> tuple[LinkageModelVersion, ...]:
    """All versions without their documents: the active one first, then the newest. One query."""
    rows = LinkageModelVersion.objects.defer("document").order_by("-pk")[:limit]
    return tuple(sorted(rows, key=lambda row: row.status != ModelStatus.ACTIVE))


def version(name: str) -> LinkageModelVersion:
    """The version of this name, without its document. One query. Raises NotFound."""
    found = LinkageModelVersion.objects.filter(name=name).defer("document").first()
    if found is None:
        raise NotFound("There is no linkage model of this name.")
    return found


def activations(*, limit: int = 50) -> tuple[ModelActivation, ...]:
    """Which version became active when and through whom, newest first. One query."""
    rows = ModelActivation.objects.select_related("version", "previous").defer(
        "version__document", "previous__document"
    )
    return tuple(rows.order_by("-pk")[:limit])


@dataclass(frozen=True, slots=True)
class RetrainNotice:
    """The index has outgrown the active model: its prior was learned on half as many records, or fewer."""

    name: str
    records: int
    trained_for: int

    @property
    def words(self) -> str:
        """What to tell, in a sentence and the mend."""
        times = self.records / self.trained_for
        return (
            f"The index holds {self.records:,} records, {times:.1f} times the {self.trained_for:,} for which the "
            f"active linkage model {self.name} was trained: chance agreements are that much commoner. Train a new "
            "version with “manage.py trainmodel”."
        )


_OUTGROWN = 2


def retrain_notice(records: int) -> RetrainNotice | None:
    """The notice, when an index of so many records has doubled since the active model was trained. Two queries."""
    active = active_version()
    if active is None:
        return None
    trained_for = _prior_records(active.pk, active.content_hash)
    return RetrainNotice(active.name, records, trained_for) if records >= _OUTGROWN * trained_for else None


@lru_cache(maxsize=64)
def _prior_records(pk: int, _content_hash: str) -> int:
    found: int = LinkageModelVersion.objects.values_list("document__prior__records", flat=True).get(pk=pk)
    return found


def model_of(version: LinkageModelVersion) -> LinkageModel:
    """The model of a version; a version never changes, so it is read once a process."""
    return _model(version.pk, version.content_hash)


@lru_cache(maxsize=4)
def _model(pk: int, _content_hash: str) -> LinkageModel:
    return from_document(LinkageModelVersion.objects.values_list("document", flat=True).get(pk=pk))


@dataclass(frozen=True, slots=True)
class Statement:
    """How a version states probabilities, and what follows from them."""

    thresholds: Thresholds
    calibration: Calibration


def statement_of(version: LinkageModelVersion) -> Statement:
    """Thresholds and calibration of a version, without reading the rest of its document; once a process."""
    return _statement(version.pk, version.content_hash)


@lru_cache(maxsize=64)
def _statement(pk: int, _content_hash: str) -> Statement:
    told = LinkageModelVersion.objects.values_list("document__thresholds", "document__calibration").get(pk=pk)
    thresholds, line = told
    calibration = read_calibration(Node(line, "calibration")) if line else IDENTITY
    return Statement(Thresholds(automatic=thresholds["automatic"], review=thresholds["review"]), calibration)


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
    """The words of a house level are "family name part, contact part": what all share heads the table."""
    parts = zip(*(level.words.split(", ") for level in levels), strict=False)
    heading = ", ".join(same[0] for same in takewhile(lambda told: len(set(told)) == 1, parts))
    weights = (_weight(level) for level in levels)
    return WeightTable(
        f"Address, phone and e-mail, with {heading}",
        tuple(replace(weight, words=weight.words.removeprefix(f"{heading}, ")) for weight in weights),
    )


def _weight(level: Level) -> Weight:
    return Weight(level.words, level.m, level.u, level.bits)


def account_lines(account: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """What a document says of its training or evaluation, as (words, value), in one level. No query."""
    return tuple(_lines(account, ""))


def _lines(account: Mapping[str, object], above: str) -> Iterator[tuple[str, str]]:
    for key, value in account.items():
        label = f"{above}, {key}" if above else key
        if isinstance(value, Mapping):
            yield from _lines(value, label)
        elif isinstance(value, list):
            if not any(isinstance(item, Mapping) for item in value):
                yield label.replace("_", " "), " to ".join(map(_written, value))
        else:
            yield label.replace("_", " "), _written(value)


def _written(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
