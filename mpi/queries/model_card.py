"""The model card of one linkage model version: what an auditor asks for, from the document and the stored evaluations.

Every number comes from the model document or from an evaluation run; what neither says, the card says is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.db.models import QuerySet

from matching.calibration import IDENTITY
from matching.model import Comparison, LinkageModel
from matching.model_compare import compare_models
from matching.model_document import from_document
from matching.rules import KINDS, RULES
from mpi.errors import NotFound
from mpi.models import EvaluationRun, LinkageModelVersion, ModelActivation, ModelStatus
from mpi.queries import evaluation
from mpi.queries.evaluation_figures import Figures, figures_of
from mpi.queries.model_card_answers import answers, deciding
from mpi.queries.model_card_blocks import Block, Card, Section, bits, flat, number, percent, words
from mpi.queries.model_card_evidence import evaluation_blocks, limits, rule_counts, stated_by_author, threshold_blocks

_MOST_CHANGES = 40
_EXACT = {"given": "exact", "house": "exact+two", "birth_date": "exact", "sex": "same", "ssn": "exact"}
"""The levels of the worked example."""
_POLICIES = (
    (
        "balanced",
        "The namesake rule may link a pair whose name and birth date agree and nothing else, where few strangers "
        "of that name and birth date are to be expected.",
    ),
    ("strict", "It may not: such a pair always goes to a steward."),
)
_SETTINGS = {
    "mode": "the named policy",
    "population": "people among whom namesakes are to be expected",
    "birth_dates": "birth dates over which they spread",
    "namesake_bits": "by so much must the evidence beside name and birth date outweigh the namesakes to be expected",
    "floor_bits": "a pair under so many bits is evidence of two people",
}
_INTENDED = (
    "Decides which source records of patients belong to one person, in an index of several source systems. It links by "
    "itself only what is certain and not held by a rule; a steward decides what is likely; all else stays apart.",
    "It is not meant to prove an identity, to deny care, or to decide on people beyond the joining of records. Every "
    "link can be seen, explained and undone.",
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a version beside its document."""

    version: LinkageModelVersion
    model: LinkageModel
    runs: tuple[tuple[EvaluationRun, Figures], ...]
    before: LinkageModel | None


def card_of(name: str = "") -> Card:
    """The card of a version, of the active one without a name. Raises NotFound."""
    wanted = LinkageModelVersion.objects.filter(name=name) if name else _active()
    version = wanted.first()
    if version is None:
        raise NotFound("There is no such linkage model.")
    model = from_document(version.document)
    runs = tuple((run, figures_of(run)) for run in evaluation.runs_of_record(version.pk))
    known = _Known(version, model, runs, _before(version))
    return Card(version.name, str(version.status), version.content_hash, tuple(_sections(known)))


def _active() -> QuerySet[LinkageModelVersion]:
    return LinkageModelVersion.objects.filter(status=ModelStatus.ACTIVE)


def _before(version: LinkageModelVersion) -> LinkageModel | None:
    """The model that this one took over from, or that was active when it was drafted."""
    activation = ModelActivation.objects.filter(version=version, previous__isnull=False).order_by("pk").first()
    if activation is not None and activation.previous is not None:
        return from_document(activation.previous.document)
    if version.status == ModelStatus.ACTIVE:
        return None
    active = _active().exclude(pk=version.pk).first()
    return from_document(active.document) if active else None


def _sections(known: _Known) -> Iterator[Section]:
    yield Section("Intended use", tuple(Block(text=words) for words in _INTENDED))
    yield Section("Two questions of an auditor", tuple(answers(known.version.name, known.model, known.runs)))
    yield Section("Algorithm", tuple(_algorithm(known)))
    yield Section("Comparisons and levels", tuple(_comparisons(known.model)))
    yield Section("Thresholds and their justification", tuple(_thresholds(known)))
    yield Section("Policy: caps and vetoes", tuple(_policy(known)))
    yield Section("Training data", tuple(_training(known.model)))
    yield Section("Evaluation", tuple(_evaluation(known)))
    yield Section("Known limits", (Block(items=limits(known.model, known.runs)),))
    yield Section("Change from the previous version", tuple(_changes(known)))
    yield Section("Author and approval", tuple(_approval(known.version)))


def _algorithm(known: _Known) -> Iterator[Block]:
    model = known.model
    yield Block(
        text="Weighted probabilistic record linkage (Fellegi and Sunter 1969). Two records are compared when they "
        "share a blocking key. Each comparison reaches one level; a level weighs log2(m / u) bits, where m is its "
        "share among pairs of one person and u its share among pairs of two people. What is not known on one side "
        "weighs nothing."
    )
    line = model.calibration
    stated = "total" if line == IDENTITY else f"{line.offset:.6g} + {line.slope:.6g} × total"
    yield Block(
        formula="total = log2(prior odds) + Σ log2(m / u) + term-frequency adjustments\n"
        f"x = {stated}\np = 2^x / (1 + 2^x)"
    )
    yield Block(
        text="The term-frequency adjustment of an exact name is log2(average u / frequency of the name): a rare name "
        "weighs more. Policy changes the grade of a pair, never its number. The worked example is a pair that agrees "
        "exactly on everything but its middle name, which is not known."
    )
    yield _example(model)
    if line == IDENTITY:
        yield Block(text="The stated probability is that of the total: this version carries no calibration.")
        return
    yield Block(
        text=f"The line from total to x is a calibration (Platt 1999), fitted on {line.fitted_on or 'data not named'}: "
        f"{line.pairs:,} pairs that were in doubt. It moves no pair past another."
    )
    if line.corners:
        yield Block(
            text=f"Below a total of {line.corners[-1][0]:.2f} bits, the review threshold, no cap is asked; there the "
            "statement follows the share that was observed, in steps (isotonic, Ayer et al. 1955), and straight "
            "between these corners.",
            headers=("Total", "Stated"),
            rows=tuple((bits(total), percent(line.probability(total))) for total, _ in line.corners),
        )


def _example(model: LinkageModel) -> Block:
    rows = [("Before evidence", "prior", "", "", bits(model.prior_bits))]
    total = model.prior_bits
    for comparison in model.comparisons:
        if comparison.name not in _EXACT:
            continue
        level = next(level for level in comparison.levels if level.name == _EXACT[comparison.name])
        total += level.bits
        rows.append((comparison.title, level.words, number(level.m), number(level.u), bits(level.bits)))
    probability = model.calibration.probability(total)
    rows.append(("Total", f"probability {percent(probability)}", "", "", bits(total)))
    return Block(
        caption="A worked example, before term frequencies",
        headers=("Comparison", "Level", "m", "u", "Bits"),
        rows=tuple(rows),
        numeric=(2, 3, 4),
    )


def _comparisons(model: LinkageModel) -> Iterator[Block]:
    yield Block(
        text="Origin: splink (trained), smoothed (met too seldom, drawn to its starting value), hand (set by a "
        "person), labels (refined by decisions of stewards), none (the missing level)."
    )
    for comparison in model.comparisons:
        yield _levels(comparison)
    tables = (("Given name", model.given_frequencies), ("Family name", model.family_frequencies))
    yield Block(
        caption="Term frequencies (counts only; no name is printed)",
        headers=("Table", "Names", "Every other name", "Average u"),
        rows=tuple((name, number(len(t.values)), number(t.default), number(t.average_u)) for name, t in tables),
        numeric=(1, 2, 3),
    )


def _levels(comparison: Comparison) -> Block:
    rows = [
        (level.words, number(level.m), number(level.u), bits(level.bits), level.origin)
        for level in comparison.levels[1:]
    ]
    return Block(
        caption=comparison.title, headers=("Level", "m", "u", "Bits", "Origin"), rows=tuple(rows), numeric=(1, 2, 3)
    )


def _thresholds(known: _Known) -> Iterator[Block]:
    model = known.model
    rows = (
        ("Links by itself over", percent(model.thresholds.automatic), bits(model.automatic_bits)),
        ("Review from", percent(model.thresholds.review), bits(model.review_bits)),
        ("Evidence of two people under", "", bits(model.policy.floor_bits)),
        ("Before any evidence", percent(model.prior), bits(model.prior_bits)),
    )
    yield Block(headers=("Threshold", "Probability", "Bits"), rows=rows, numeric=(1, 2))
    yield Block(text=f"Justification by the author: {known.version.justification or 'none was given.'}")
    for run, figures in deciding(known.runs):
        yield from threshold_blocks(run, figures)


def _policy(known: _Known) -> Iterator[Block]:
    settings = asdict(known.model.policy)
    yield Block(text=f"This version uses the {known.model.policy.mode} policy.")
    yield Block(items=tuple(f"{mode}: {told}" for mode, told in _POLICIES))
    explained = tuple((words(name), number(value), _SETTINGS.get(name, "")) for name, value in settings.items())
    yield Block(headers=("Setting", "Value", "What it means"), rows=explained, numeric=(1,))
    counts = rule_counts(deciding(known.runs))
    headers = ("Rule", "What it looks for", "Why", *(f"Held, {name}" for name, _ in counts))
    for kind, told in KINDS.items():
        rows = tuple(
            (rule.code, rule.words, rule.why, *(held.get(rule.code, "") for _, held in counts))
            for rule in RULES
            if rule.kind == kind
        )
        numeric = tuple(range(3, len(headers)))
        yield Block(caption=f"{kind.capitalize()}: {told}", headers=headers, rows=rows, numeric=numeric)


def _training(model: LinkageModel) -> Iterator[Block]:
    prior = {"prior": model.prior, "records the prior was made for": model.prior_records}
    filler = {name: len(values) for name, values in asdict(model.excessive).items()}
    rows = flat({**model.training, **prior, "values without evidence because too frequent": filler})
    yield Block(headers=("Training", "Value"), rows=tuple(rows))
    if "fingerprint" not in model.training:
        yield Block(text="The document names no fingerprint of its training data.")


def _evaluation(known: _Known) -> Iterator[Block]:
    for run, figures in known.runs:
        yield from evaluation_blocks(run, figures)
    if not known.runs:
        yield Block(text="No evaluation of this version is stored in this index: run one before it is relied on.")
    if known.model.evaluation:
        yield from stated_by_author(known.model.evaluation)


def _changes(known: _Known) -> Iterator[Block]:
    if known.before is None:
        yield Block(text="There is no version before it in this index.")
        return
    difference = compare_models(known.before, known.model)
    yield Block(text=f"Compared with {difference.before}.")
    if difference.is_none:
        yield Block(text="Every pair is scored and judged the same.")
        return
    if difference.settings:
        rows = tuple((change.name, number(change.before), number(change.after)) for change in difference.settings)
        yield Block(headers=("Setting", "Before", "After"), rows=rows, numeric=(1, 2))
    if difference.levels:
        shown = difference.levels[:_MOST_CHANGES]
        told = f"Levels whose weight changed: {len(difference.levels):,}; the {len(shown):,} largest"
        levels = tuple(
            (change.title, change.words, bits(change.before.bits), bits(change.after.bits), bits(change.bits))
            for change in shown
        )
        yield Block(
            caption=told,
            headers=("Comparison", "Level", "Bits before", "Bits after", "Difference"),
            rows=levels,
            numeric=(2, 3, 4),
        )
    if difference.frequencies:
        tables = tuple(
            (change.table, *map(number, (change.names_before, change.names_after, change.rarer, change.commoner)))
            for change in difference.frequencies
        )
        headers = ("Names", "Before", "After", "Half a bit more", "Half a bit less")
        yield Block(headers=headers, rows=tables, numeric=(1, 2, 3, 4))


def _approval(version: LinkageModelVersion) -> Iterator[Block]:
    times = (("Drafted", version.created_at), ("Decided", version.decided_at), ("Active since", version.activated_at))
    rows = [
        ("Version", version.name),
        ("Status", str(version.status)),
        ("Author", version.author or "not known"),
        ("Approved by", version.approver or "nobody yet"),
        ("Reason of the decision", version.decision_reason or "none given"),
        *((name, f"{moment:%Y-%m-%d %H:%M %Z}" if moment else "not yet") for name, moment in times),
        ("Content hash (SHA-256)", version.content_hash),
    ]
    yield Block(headers=("What", "Who and when"), rows=tuple(rows))
