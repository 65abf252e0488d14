"""`make evaluate-matching`: the shipped model and policy on labelled sets, and a verdict for every bar of issue 3.

No option for a set and no training: records one by one and in bulk, over an index in memory. FEBRL 4 is not here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace

from matching.evaluate_pairs import PairFigures
from matching.model import LinkageModel
from matching.model_document import load_default
from matching.records import StandardRecord
from mpi.management.progress import progress_bar
from mpi.synthetic.prevalence import prevalence_hash
from tests.benchmarks import calibrating
from tests.benchmarks.agreeing import order_bars, parity_bar
from tests.benchmarks.arriving import Arrival, arrive
from tests.benchmarks.bars import FEBRL, GENERATED, NO_BOUNDS, PSEUDOPEOPLE, Bar, Bounds, against, figures
from tests.benchmarks.bulk import in_bulk
from tests.benchmarks.labelled import LabelledSet
from tests.benchmarks.sets import FEBRL_SETS, febrl, generated, pseudopeople

ORDERED_RECORDS = 10_000
LINKED, HARDER = "taxes", "surveys"
"""The two linkages of pseudopeople: five data sets of one year; and with surveys of all years, which has no bar."""


class Evaluation:
    """What was measured so far: figures by set and way, bars, and the pairs of all sets."""

    def __init__(self, model: LinkageModel) -> None:
        self.model = model
        self.strict = replace(model, policy=replace(model.policy, mode="strict"))
        self.sets: dict[str, dict[str, float]] = {}
        self.bars: list[Bar] = []
        self.pairs = PairFigures()

    def measure(self, labelled: LabelledSet, bounds: Bounds, *, strict: bool = False) -> None:
        """One set one by one and in bulk, its blocked pairs, and with `strict` under that policy besides."""
        records = labelled.records()
        began = time.monotonic()
        self._keep(labelled, "one by one", one_by_one(labelled.name, records, self.model), bounds, began)
        began = time.monotonic()
        self._keep(labelled, "in bulk", in_bulk(records, self.model), bounds, began)
        calibrating.add(self.pairs, records, labelled.truth, self.model)
        if strict:
            began = time.monotonic()
            self._keep(labelled, "strict", one_by_one(labelled.name, records, self.strict), NO_BOUNDS, began)
            balanced, stricter = (self.sets[f"{labelled.name}, {way}"] for way in ("one by one", "strict"))
            for figure in ("false_merges", "pairwise_recall"):
                relation = "<" if figure == "pairwise_recall" else "<="
                self.bars.append(Bar(f"{labelled.name}, strict", figure, stricter[figure], relation, balanced[figure]))

    def _keep(self, labelled: LabelledSet, way: str, result: Arrival, bounds: Bounds, began: float) -> None:
        subject = f"{labelled.name}, {way}"
        measured = {**figures(result, labelled.truth), "seconds": round(time.monotonic() - began, 1)}
        self.sets[subject] = measured
        self.bars += against(subject, measured, bounds)
        say(
            f"{subject:<44} precision {measured['pairwise_precision']:.5f}  recall {measured['pairwise_recall']:.4f}"
            f"  false merges {measured['false_merges']:.0f} ({measured['false_merges_per_million']:.0f} per million)"
            f"  in review {measured['share_in_review']:.4f}  F1 after review {measured['f1_after_perfect_review']:.5f}",
        )


def say(words: str) -> None:
    """One line on standard output, at once."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def one_by_one(name: str, records: Mapping[int, StandardRecord], model: LinkageModel) -> Arrival:
    """All records in their order, with a progress bar."""
    with progress_bar(name, len(records)) as advance:
        done = 0

        def tell(count: int) -> None:
            nonlocal done
            advance(count - done)
            done = count

        return arrive(records, model, advance=tell)


def main() -> None:
    """Measure, print every figure and verdict, and JSON as the last line if asked."""
    options = _options()
    evaluation = Evaluation(load_default())
    model = evaluation.model
    say(f"Model {model.version} {model.content_hash[:12]}, prevalences {prevalence_hash()[:12]}")
    labelled = generated(options.records, options.seed)
    evaluation.measure(labelled, GENERATED, strict=True)
    for number in FEBRL_SETS:
        evaluation.measure(febrl(number), FEBRL)
    evaluation.measure(pseudopeople(LINKED, options.seed), PSEUDOPEOPLE, strict=True)
    evaluation.measure(pseudopeople(HARDER, options.seed), NO_BOUNDS)
    evaluation.bars += calibrating.calibration_bars(evaluation.pairs)
    ordered = generated(ORDERED_RECORDS, options.seed + 1).records()
    with progress_bar("orders of arrival", 6 * ORDERED_RECORDS) as advance:
        evaluation.bars += order_bars(ordered, model, advance)
    evaluation.bars.append(parity_bar(labelled.records(), model, options.pairs, options.seed))
    _print(evaluation)
    if options.json:
        say(json.dumps(_document(evaluation, options)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000, help="generated records (100,000)")
    parser.add_argument("--seed", type=int, default=1001, help="seed of all generated sets (1001)")
    parser.add_argument("--pairs", type=int, default=100_000, help="pairs scored by both engines (100,000)")
    parser.add_argument("--json", action="store_true", help="JSON as the last line")
    return parser.parse_args()


def _print(evaluation: Evaluation) -> None:
    say("\nRules: pairs over the automatic threshold that each held, all sets together")
    say("\n".join(calibrating.rule_lines(evaluation.pairs)))
    say("\nBars")
    say("\n".join(map(str, evaluation.bars)))
    short = sum(not bar.holds for bar in evaluation.bars)
    say(f"{len(evaluation.bars) - short} of {len(evaluation.bars)} bars hold.")


def _document(evaluation: Evaluation, options: argparse.Namespace) -> dict[str, object]:
    return {
        "model": evaluation.model.version,
        "content_hash": evaluation.model.content_hash,
        "prevalence_hash": prevalence_hash(),
        "seed": options.seed,
        "sets": evaluation.sets,
        "pairs": evaluation.pairs.to_document((), None),
        "bars": [bar.to_document() for bar in evaluation.bars],
        "hold": sum(bar.holds for bar in evaluation.bars),
        "fall_short": sum(not bar.holds for bar in evaluation.bars),
    }


if __name__ == "__main__":
    main()
