"""How well overlays are told from ordinary updates: seeded cases judged one by one, counted with their intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from matching.evaluate import Share
from matching.overlay import Verdict, assess
from matching.records import StandardRecord
from matching.standardise import standardise
from mpi.mapping import record_from_flat
from mpi.synthetic.swaps import SWAPS, Update, swaps
from mpi.synthetic.updates import BENIGN, ordinary_updates

STRANGERS_HELD, OTHERS_HELD, MOST_FALSE = 0.95, 0.80, 0.001
"""The bars: share of strangers and of each other kind of swap that is quarantined; of ordinary updates, at most."""

Verdicts = Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class OverlayDetection:
    """Verdicts by kind, of swaps and of ordinary updates."""

    swapped: Mapping[str, Verdicts]
    ordinary: Mapping[str, Verdicts]

    def held(self, kind: str) -> Share:
        """The quarantined ones of a kind."""
        counts = self.swapped.get(kind) or self.ordinary[kind]
        return Share(counts["quarantine"], sum(counts.values()))

    @property
    def false_alarms(self) -> Share:
        """Ordinary updates that were quarantined."""
        return Share(
            sum(counts["quarantine"] for counts in self.ordinary.values()),
            sum(sum(counts.values()) for counts in self.ordinary.values()),
        )

    @property
    def reviewed(self) -> Share:
        """Ordinary updates that were applied and are looked at afterwards."""
        return Share(sum(counts["review"] for counts in self.ordinary.values()), self.false_alarms.of)

    @property
    def bars(self) -> dict[str, bool]:
        """Which of the bars are met, by the measured share."""
        met = {f"{kind}: at least {_bar(kind):.0%} quarantined": self.held(kind).value >= _bar(kind) for kind in SWAPS}
        return met | {"ordinary: at most 1 in 1,000 quarantined": self.false_alarms.value <= MOST_FALSE}


def measure(*, seed: int, each: int, ordinary: int, advance: Callable[[int], None]) -> OverlayDetection:
    """Judge `each` swaps of every kind and at least `ordinary` ordinary updates. Some 5,000 cases a second."""
    cases: Iterable[Update] = chain(swaps(seed, each=each), ordinary_updates(seed, count=ordinary))
    told: defaultdict[str, Counter[Verdict]] = defaultdict(Counter)
    for case in cases:
        told[case.kind][assess(_standard(case.before), _standard(case.after)).verdict] += 1
        advance(1)
    return OverlayDetection({kind: told[kind] for kind in SWAPS}, {kind: told[kind] for kind in BENIGN})


def _standard(row: Mapping[str, str]) -> StandardRecord:
    return standardise(record_from_flat(row).record)


def _bar(kind: str) -> float:
    return STRANGERS_HELD if kind == "stranger" else OTHERS_HELD
