"""Train a linkage model on the records of the index: a draft that another person has to approve.

SSNs are decrypted into memory only; nothing is written to disk but the draft, which holds frequencies of common
names, digests of filler values and figures, and no record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from matching.evaluate import Share
from matching.filler import without_excessive
from matching.labels import LabelledPair, log_loss, refine
from matching.model import InvalidModel, LinkageModel, PolicyMode
from matching.model_document import with_hash
from matching.score import score
from matching.splink_training import in_silence
from matching.training import LEAST_RECORDS, TrainingPlan, level_origins, train
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import LinkageModelVersion
from mpi.queries.labels import standing_labels
from mpi.services.active_model import active_model
from mpi.services.model_draft import check_free, check_new, draft_model
from mpi.services.model_estimate import estimate_links
from mpi.services.model_records import indexed_records, read_standard, sample_of_people

LARGEST_SAMPLE = 200_000
"""Records that training takes at the most unless told otherwise; about 4 GB with DuckDB."""
_SAMPLED_PAIRS = 2e7
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What the operator asks for. `mode` None keeps that of the active model."""

    version: str
    justification: str
    seed: int = 1
    mode: PolicyMode | None = None
    sample: int = LARGEST_SAMPLE
    labels: bool = False
    sampled_pairs: float = _SAMPLED_PAIRS


@dataclass(frozen=True, slots=True)
class Trained:
    """The draft that came of it, and what stands behind it."""

    version: LinkageModelVersion
    model: LinkageModel = field(repr=False)
    records: int
    index_records: int


def _no_advance(_count: int) -> None:
    """For whoever does not watch."""


def train_model(
    *,
    order: TrainingOrder,
    actor: Actor,
    tell: Callable[[str], None] = in_silence,
    advance: Advance = _no_advance,
) -> Trained:
    """Train on at most `order.sample` records and keep the result as a draft.

    `tell` hears of each stage, `advance` how many more records were read. Thresholds, policy and known filler values
    are those of the active model. Takes minutes and holds no transaction. Raises Forbidden, and InvalidInput when
    the name is taken or the records (or labels) teach too little; then nothing is kept.
    """
    require(actor, Permission.MODEL_MANAGE)
    check_order(order)
    index_records = indexed_records()
    if index_records < LEAST_RECORDS:
        flaw = Flaw("records", f"are {index_records:,}", f"import at least {LEAST_RECORDS:,}")
        raise InvalidInput(
            f"The index holds {index_records:,} records: at least {LEAST_RECORDS:,} are needed to train a model. "
            "Nothing was changed.",
            flaws=[flaw],
        )
    active = active_model().model
    tell("reading records")
    records = read_standard(sample_of_people(order.sample, seed=order.seed), advance)
    trained_on = len(records)
    plan = _plan(order, actor, active, records=trained_on, index_records=index_records)
    try:
        model = train(records, plan, tell)
        records.clear()
        model = _evaluated(_labelled(model, tell) if order.labels else model, active, tell)
    except InvalidModel as error:
        flaw = Flaw(error.place or "records", f"teach too little: {error}", "see the words of the refusal")
        raise InvalidInput(f"No model was trained. {error} Nothing was changed.", flaws=[flaw]) from error
    version = draft_model(model=model, origin="trained", actor=actor)
    return Trained(version, model, trained_on, index_records)


def check_order(order: TrainingOrder) -> None:
    """Raise InvalidInput before any work, where the name is taken or the sample too small."""
    check_new(order.version, order.justification)
    check_free(order.version)
    if order.sample < LEAST_RECORDS:
        flaw = Flaw("sample", f"is {order.sample:,}", f"take at least {LEAST_RECORDS:,} records")
        raise InvalidInput("The sample is too small to train a model.", flaws=[flaw])


def _plan(
    order: TrainingOrder, actor: Actor, active: LinkageModel, *, records: int, index_records: int
) -> TrainingPlan:
    whole = records == index_records
    data = f"{records:,} source records of the index" if whole else f"{records:,} of {index_records:,} source records"
    return TrainingPlan(
        version=order.version,
        author=actor.name,
        justification=order.justification,
        data=data if whole else f"{data}, whole persons by seed {order.seed}",
        seed=order.seed,
        sampled_pairs=order.sampled_pairs,
        thresholds=active.thresholds,
        policy=replace(active.policy, mode=order.mode or active.policy.mode),
        index_records=index_records,
        excessive=active.excessive,
    )


def _labelled(model: LinkageModel, tell: Callable[[str], None]) -> LinkageModel:
    tell("labels of stewards")
    return refine(model, labelled_pairs(model), matches=_matches(model))


def _matches(model: LinkageModel) -> float:
    sessions = model.training["sessions"]
    return float(sum(sessions.values())) if isinstance(sessions, dict) else 0.0


def labelled_pairs(model: LinkageModel) -> list[LabelledPair]:
    """The standing answers of people, with the records as they are now."""
    labels = standing_labels()
    told = read_standard(list({pk for label in labels for pk in (label.low, label.high)}))
    records = without_excessive(told, model.excessive)
    return [
        LabelledPair(records[label.low], records[label.high], label.same)
        for label in labels
        if label.low in records and label.high in records
    ]


def _evaluated(model: LinkageModel, active: LinkageModel, tell: Callable[[str], None]) -> LinkageModel:
    """With what can be known without a truth: where the numbers come from, what of the links and the answers of
    stewards it would say, beside the active model."""
    tell("comparing with the active model")
    evaluation: dict[str, object] = {
        "levels_by_origin": level_origins(model),
        f"links_changed_from_{active.version}": estimate_links(active, model).to_document(),
    }
    if pairs := labelled_pairs(model):
        evaluation["decisions_of_stewards"] = {
            name: _on_labels(each, pairs) for name, each in ((model.version, model), (active.version, active))
        }
        # Who has learned from the answers is no longer judged by them.
        evaluation["learned_from_these_decisions"] = "yes" if "labels" in model.training else "no"
    return with_hash(replace(model, evaluation=evaluation))


def _on_labels(model: LinkageModel, pairs: list[LabelledPair]) -> dict[str, object]:
    over = [pair.same for pair in pairs if score(pair.a, pair.b, model).bits > model.automatic_bits]
    right = Share(sum(over), len(over))
    return {
        "pairs": len(pairs),
        "log_loss": round(log_loss(model, pairs), 4),
        "over_automatic": right.of,
        "of_them_same": right.hits,
        "of_them_same_interval": [round(edge, 4) for edge in right.interval],
    }
