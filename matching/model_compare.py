"""What differs between two linkage models: bits by level, prior, thresholds, policy, frequencies, filler values."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from matching.model import Level, LinkageModel, TermFrequencies
from matching.standardise import ExcessiveValues


@dataclass(frozen=True, slots=True)
class LevelChange:
    """One level under both models; `bits` is what the second one gives more."""

    comparison: str
    title: str
    level: str
    words: str
    before: Level
    after: Level

    @property
    def bits(self) -> float:
        """Difference of the match weights."""
        return self.after.bits - self.before.bits


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One number or word that is not the same. `name` is its path in the document."""

    name: str
    before: float | int | str
    after: float | int | str


@dataclass(frozen=True, slots=True)
class FrequencyChange:
    """A table of name frequencies: how many names came and went, and what a common name gains or loses.

    `rarer` and `commoner` count names kept whose adjustment changed by half a bit or more.
    """

    table: str
    names_before: int
    names_after: int
    added: int
    removed: int
    rarer: int
    commoner: int


@dataclass(frozen=True, slots=True)
class ModelDifference:
    """Everything that differs, `levels` by size of the difference, largest first; those that do not differ left out."""

    before: str
    after: str
    levels: tuple[LevelChange, ...]
    settings: tuple[SettingChange, ...]
    frequencies: tuple[FrequencyChange, ...]

    @property
    def is_none(self) -> bool:
        """Whether every pair would be scored and judged the same."""
        return not (self.levels or self.settings or self.frequencies)

    def to_document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "before": self.before,
            "after": self.after,
            "levels": [
                {
                    "comparison": change.comparison,
                    "level": change.level,
                    "words": change.words,
                    "bits_before": round(change.before.bits, 6),
                    "bits_after": round(change.after.bits, 6),
                    "difference": round(change.bits, 6),
                }
                for change in self.levels
            ],
            "settings": [asdict(change) for change in self.settings],
            "frequencies": [asdict(change) for change in self.frequencies],
        }


_LEAST_BITS = 1e-6
_NOTABLE_BITS = 0.5


def compare_models(before: LinkageModel, after: LinkageModel) -> ModelDifference:
    """What the second model says differently. Pure; both are sound, so they have the same comparisons and levels."""
    levels = [
        LevelChange(old.name, old.title, one.name, one.words, one, other)
        for old, new in zip(before.comparisons, after.comparisons, strict=True)
        for one, other in zip(old.levels, new.levels, strict=True)
    ]
    changed = [change for change in levels if abs(change.bits) >= _LEAST_BITS]
    changed.sort(key=lambda change: (-abs(change.bits), change.comparison, change.level))
    tables = [
        _frequencies("given", before.given_frequencies, after.given_frequencies),
        _frequencies("family", before.family_frequencies, after.family_frequencies),
    ]
    return ModelDifference(
        before.version,
        after.version,
        tuple(changed),
        tuple(_settings(before, after)),
        tuple(table for table in tables if table is not None),
    )


def _settings(before: LinkageModel, after: LinkageModel) -> list[SettingChange]:
    pairs = zip(_flat(before).items(), _flat(after).items(), strict=True)
    return [SettingChange(name, old, new) for (name, old), (_, new) in pairs if old != new]


def _flat(model: LinkageModel) -> dict[str, float | int | str]:
    flat: dict[str, float | int | str] = {
        "prior/probability": model.prior,
        "prior/records": model.prior_records,
        **{f"thresholds/{name}": value for name, value in asdict(model.thresholds).items()},
        "calibration/offset": model.calibration.offset,
        "calibration/slope": model.calibration.slope,
        "calibration/corners": " ".join(f"{total:g}:{odds:g}" for total, odds in model.calibration.corners),
        **{f"policy/{name}": value for name, value in asdict(model.policy).items()},
    }
    return flat | _filler(model.excessive)


def _filler(values: ExcessiveValues) -> dict[str, float | int | str]:
    return {
        "excessive/ssns": len(values.ssns),
        "excessive/phones": len(values.phones),
        "excessive/emails": len(values.emails),
    }


def _frequencies(name: str, before: TermFrequencies, after: TermFrequencies) -> FrequencyChange | None:
    if before == after:
        return None
    gained = [after.bits(value) - before.bits(value) for value in before.values.keys() & after.values.keys()]
    return FrequencyChange(
        name,
        len(before.values),
        len(after.values),
        len(after.values.keys() - before.values.keys()),
        len(before.values.keys() - after.values.keys()),
        sum(bits >= _NOTABLE_BITS for bits in gained),
        sum(bits <= -_NOTABLE_BITS for bits in gained),
    )
