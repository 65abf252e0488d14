"""From records to a linkage model: frequencies, Splink's estimates, smoothing, prior, checks.

Splink estimates what occurs often enough; here the rest is made sound: a rare level is drawn
towards its starting value in proportion to how little stands behind it, and every level says in its
`origin` where its numbers come from.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matching.filler import without_excessive
from matching.levels import COMPARISONS, GIVEN, HOUSE, Contact, Given, Surname, house_level
from matching.model import (
    Comparison,
    InvalidModel,
    Level,
    LinkageModel,
    Origin,
    PolicySettings,
    TermFrequencies,
    Thresholds,
)
from matching.model_document import with_hash
from matching.records import StandardRecord
from matching.splink_bridge import Records
from matching.splink_training import Estimates, Tell, estimate, in_silence
from matching.standardise import NOTHING_EXCESSIVE, ExcessiveValues, value_digest
from matching.starting_values import STARTING_VALUES

LEAST_RECORDS = 2_000
"""Fewer records than this teach nothing worth a model."""
COMMONEST_NAMES = 2_000
LEAST_NAME_COUNT = 5
"""A name met less often is perhaps a typing error: it gets the default frequency."""
M_PRIOR_PAIRS = 200.0
"""Weight of a starting m, in matching pairs."""
U_PRIOR_PAIRS = 1e6
"""Weight of a starting u, in sampled pairs."""


MOST_FAMILIES_AN_SSN = 6
MOST_RECORDS_A_PHONE = 25
MOST_RECORDS_AN_EMAIL = 8
HAND_SET = frozenset({(GIVEN, int(Given.ALTERNATE))})
"""Levels that say more about what a source tells than about people: they keep their starting values."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What the operator states with a training: names and words for the document, and the policy to carry.

    index_records   size of the index, where the records are a sample of it; 0 where they are all of it
    excessive       values known from before to be filler: the records do not hold them any more
    """

    version: str
    author: str
    justification: str
    data: str
    seed: int = 1
    sampled_pairs: float = 2e7
    thresholds: Thresholds = field(default_factory=Thresholds)
    policy: PolicySettings = field(default_factory=PolicySettings)
    index_records: int = 0
    excessive: ExcessiveValues = NOTHING_EXCESSIVE


def train(told: Records, plan: TrainingPlan, tell: Tell = in_silence) -> LinkageModel:
    """Train a model on records without labels. Deterministic by records and plan; `tell` hears of each stage.

    Takes about a minute for 40,000 records. Raises InvalidModel when the records teach too little, or what
    was learned has a hole.
    """
    if len(told) < LEAST_RECORDS:
        raise InvalidModel(f"Only {len(told)} records: at least {LEAST_RECORDS} are needed to train a model.")
    tell("frequencies")
    excessive = find_excessive(told)
    records = without_excessive(told, excessive)
    given = frequencies(record.name.given for record in records.values())
    family = frequencies(record.name.family for record in records.values())
    different = one_record_each(records)
    estimates = estimate(
        records, different, frozenset(given.values), seed=plan.seed, sampled_pairs=plan.sampled_pairs, tell=tell
    )
    size = max(plan.index_records, len(records))
    model = with_hash(
        LinkageModel(
            version=plan.version,
            comparisons=tuple(_comparison(number, estimates) for number in range(len(COMPARISONS))),
            given_frequencies=given,
            family_frequencies=family,
            prior=prior_probability(len(records), len(different), index_records=size),
            prior_records=size,
            thresholds=plan.thresholds,
            policy=plan.policy,
            excessive=_united(plan.excessive, excessive),
            author=plan.author,
            justification=plan.justification,
            training=_account(records, different, estimates, plan),
        )
    )
    check_trained(model)
    return model


def find_excessive(records: Records) -> ExcessiveValues:
    """Values so common that they are filler or shared by strangers: an SSN on more than 6 family names,
    a phone on more than 25 records, an e-mail address on more than 8."""
    families: dict[str, set[str]] = defaultdict(set)
    phones: Counter[str] = Counter()
    emails: Counter[str] = Counter()
    for record in records.values():
        if record.ssn:
            families[record.ssn].add(record.name.family)
        phones.update(record.phones)
        emails.update(record.emails)
    return ExcessiveValues(
        ssns=frozenset(value_digest(ssn) for ssn, names in families.items() if len(names) > MOST_FAMILIES_AN_SSN),
        phones=frozenset(value_digest(phone) for phone, count in phones.items() if count > MOST_RECORDS_A_PHONE),
        emails=frozenset(value_digest(email) for email, count in emails.items() if count > MOST_RECORDS_AN_EMAIL),
    )


def _united(one: ExcessiveValues, other: ExcessiveValues) -> ExcessiveValues:
    return ExcessiveValues(one.ssns | other.ssns, one.phones | other.phones, one.emails | other.emails)


def check_trained(model: LinkageModel) -> None:
    """Raise InvalidModel unless in every comparison the best level speaks for one person and the worst against.

    `LinkageModel` itself refuses a level without m or u; this refuses numbers that are there and cannot be true.
    """
    for comparison in model.comparisons:
        best, worst = comparison.levels[1], comparison.levels[-1]
        if comparison.name == COMPARISONS[HOUSE].name:
            best = comparison.levels[house_level(Surname.EXACT, Contact.TWO)]
            worst = comparison.levels[house_level(Surname.DIFFERENT, Contact.DIFFERS)]
        for level, wrong in ((best, best.bits <= 0), (worst, worst.bits >= 0)):
            if wrong:
                raise InvalidModel(
                    f"Training found {level.bits:+.1f} bits for {comparison.name} / {level.name}, which cannot be "
                    "true: the records teach too little. Nothing was kept.",
                    f"comparisons/{comparison.name}/{level.name}",
                )


def frequencies(names: Iterable[str]) -> TermFrequencies:
    """Relative frequencies of the commonest names among those known.

    `default` is the frequency that a bearer of a rarer name meets on average: sum f^2 / sum f over the rest.
    """
    counts = Counter(name for name in names if len(name) > 1)
    total = counts.total()
    if not total:
        raise InvalidModel("No record has a name.")
    common = {name: count for name, count in counts.most_common(COMMONEST_NAMES) if count >= LEAST_NAME_COUNT}
    rest = [count for name, count in counts.items() if name not in common]
    default = sum(count * count for count in rest) / (sum(rest) * total) if rest else 1 / total
    average = sum(count * count for count in counts.values()) / total**2
    return TermFrequencies({name: count / total for name, count in sorted(common.items())}, default, average)


def one_record_each(records: Records) -> dict[int, StandardRecord]:
    """The first record of each probable person, in the order given.

    Two records with one SSN, or with one birth date and given or family name, are taken for one person. So
    u is measured among different people; a few coincidences fall out with the duplicates.
    """
    seen: set[tuple[str, ...]] = set()
    kept = {}
    for number, record in records.items():
        signs: list[tuple[str, ...]] = [("ssn", record.ssn)] if record.ssn else []
        signs += [("identifier", *identifier) for identifier in record.identifiers]
        if record.birth_date:
            names = (record.name.given, record.name.family)
            signs += [("birth", record.birth_date, name) for name in names if len(name) > 1]
        if seen.isdisjoint(signs):
            kept[number] = record
        seen.update(signs)
    return kept


def prior_probability(records: int, persons: int, *, index_records: int = 0) -> float:
    """Chance that two random records of the index are one person, if each person has records / persons of them.

    `index_records` is the size of the index where the records are a sample of whole persons.
    """
    if persons >= records:
        raise InvalidModel("No two records look like one person: there is nothing to learn a match from.")
    each = records / persons
    return (each - 1) / (max(index_records, records) - 1)


def level_origins(model: LinkageModel) -> dict[str, int]:
    """How many levels have their numbers from where."""
    return dict(Counter(level.origin for comparison in model.comparisons for level in comparison.levels[1:]))


def _comparison(number: int, estimates: Estimates) -> Comparison:
    shape = COMPARISONS[number]
    values = {level: _estimated(number, level, estimates) for level in range(1, len(shape.levels))}
    if number == HOUSE:
        values.update(_without_family_name(values))
    levels = [Level(shape.levels[0].name, 1.0, 1.0, shape.levels[0].words, "none")]
    for level, (m, u, origin) in values.items():
        levels.append(Level(shape.levels[level].name, m, u, shape.levels[level].words, origin))
    return Comparison(shape.name, shape.title, tuple(levels))


Estimated = tuple[float, float, Origin]


def _estimated(number: int, level: int, estimates: Estimates) -> Estimated:
    m_start, u_start = STARTING_VALUES[number][level]
    found = estimates.levels[number, level]
    never_met = all(estimates.levels[number, other].m is None for other in STARTING_VALUES[number])
    if never_met or (number, level) in HAND_SET:
        return m_start, u_start, "hand"
    matches = float(sum(estimates.session_matches.values()))
    m = _drawn(found.m, matches, m_start, M_PRIOR_PAIRS)
    u = _drawn(found.u, float(estimates.sampled_pairs), u_start, U_PRIOR_PAIRS)
    return m, u, "smoothed" if found.m is None or found.u is None else "splink"


def _without_family_name(values: Mapping[int, Estimated]) -> dict[int, Estimated]:
    """Levels without a family name on one side, too rare to learn: the sum over all family name classes."""
    sums: dict[int, Estimated] = {}
    for contact in Contact:
        level = house_level(Surname.UNKNOWN, contact)
        if level:
            known = [values[house_level(surname, contact)] for surname in Surname if surname]
            sums[level] = (sum(m for m, _, _ in known), sum(u for _, u, _ in known), "smoothed")
    return sums


def _drawn(learned: float | None, weight: float, start: float, start_weight: float) -> float:
    """Mean of what was learned and where it started, by the pairs behind each; a level never met counts as 0."""
    return ((learned or 0.0) * weight + start * start_weight) / (weight + start_weight)


def _account(records: Records, different: Records, estimates: Estimates, plan: TrainingPlan) -> Mapping[str, object]:
    return {
        "data": plan.data,
        "records": len(records),
        "index_records": max(plan.index_records, len(records)),
        "probable_persons": len(different),
        "fingerprint": fingerprint(records),
        "method": "Splink: u by random sampling, m by expectation maximisation",
        "sessions": dict(estimates.session_matches),
        "sessions_left_out": dict(estimates.left_out),
        "sampled_pairs": estimates.sampled_pairs,
        "seed": plan.seed,
    }


def fingerprint(records: Records) -> str:
    """SHA-256 over the records in the order of their ids: the same data give the same fingerprint."""
    digest = hashlib.sha256()
    for number in sorted(records):
        digest.update(repr(records[number]).encode())
    return digest.hexdigest()
