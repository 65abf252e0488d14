"""The evidence of one pair as it is shown, stored and answered: both values, level, bits, reasons.

Made only when asked for; scoring a candidate never builds it. It holds patient data: store it
encrypted, and never log it. Page, API and stored decision hold the same document, of one `FORMAT`; what an
earlier format stored is read by `read_evidence`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from matching.records import StandardAddress, StandardRecord
from matching.score import Score
from matching.verdict import Verdict

FORMAT = 2
"""2: names its format, `match_weight_bits` for what was `bits`, and the keys that found the pair."""
_BLIND_CHARACTERS = 64
"""Of the blind index that stands for a protected number (SHA-256 in hexadecimal)."""


class ComparisonEvidence(NamedTuple):
    """One row of the evidence: what each side says, how they compare and what that weighs."""

    comparison: str
    title: str
    left: str
    right: str
    level: str
    words: str
    m: float
    u: float
    bits: float
    frequency_bits: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a reviewer, an auditor or a client may ask about one scored pair.

    `bits` = `prior_bits` + the sum over `comparisons` of bits and frequency_bits. `keys` are the blocking rules
    that brought the two together, () for a pair that was put together by hand.
    """

    comparisons: tuple[ComparisonEvidence, ...]
    prior_bits: float
    bits: float
    probability: float
    grade: str
    caps: tuple[tuple[str, str], ...]
    vetoes: tuple[tuple[str, str], ...]
    model_version: str
    model_hash: str
    keys: tuple[str, ...] = ()

    def to_document(self) -> dict[str, object]:
        """Plain JSON, stable keys: page, audit and API show this object."""
        return {
            "format": FORMAT,
            "comparisons": [row._asdict() for row in self.comparisons],
            "prior_bits": self.prior_bits,
            "match_weight_bits": self.bits,
            "probability": self.probability,
            "grade": self.grade,
            "caps": [{"code": code, "words": words} for code, words in self.caps],
            "vetoes": [{"code": code, "words": words} for code, words in self.vetoes],
            "model_version": self.model_version,
            "model_hash": self.model_hash,
            "keys": list(self.keys),
        }


def read_evidence(told: Mapping[str, Any], keys: Iterable[str] = ()) -> dict[str, Any]:
    """A stored document in the present format; `keys` are given to one that names none."""
    document = {name: value for name, value in told.items() if name != "bits"}
    document["match_weight_bits"] = told["match_weight_bits"] if "match_weight_bits" in told else told["bits"]
    return document | {"format": FORMAT, "keys": list(told.get("keys", keys))}


def explain(
    a: StandardRecord, b: StandardRecord, score: Score, verdict: Verdict, *, keys: Iterable[str] = ()
) -> Evidence:
    """Evidence of the pair `a`, `b` in this order; SSNs and other numbers are masked to their last four characters."""
    rows = tuple(
        ComparisonEvidence(
            part.comparison,
            part.title,
            _SHOWN[part.comparison](a),
            _SHOWN[part.comparison](b),
            part.level,
            _words(part.comparison, part.level, part.words, a, b),
            part.m,
            part.u,
            part.bits,
            part.frequency_bits,
        )
        for part in score.parts
    )
    return Evidence(
        comparisons=rows,
        prior_bits=score.prior_bits,
        bits=score.bits,
        probability=score.probability,
        grade=verdict.grade,
        caps=tuple((reason.code, reason.words) for reason in (*verdict.caps, *verdict.sole)),
        vetoes=tuple((reason.code, reason.words) for reason in verdict.vetoes),
        model_version=score.model.version,
        model_hash=score.model.content_hash,
        keys=tuple(keys),
    )


def _words(comparison: str, level: str, words: str, a: StandardRecord, b: StandardRecord) -> str:
    if comparison == "given" and level == "nickname":
        short, full = sorted((a.name.given, b.name.given), key=len)
        return f"{short.title()} is a nickname of {full.title()}"
    return words


def _given(record: StandardRecord) -> str:
    others = [name.given for name in record.former_names if name.given and name.given != record.name.given]
    return "; ".join(filter(None, (record.name.given, *dict.fromkeys(others))))


def _address(address: StandardAddress) -> str:
    place = " ".join(filter(None, (address.city, address.state, address.zip5)))
    return ", ".join(filter(None, (address.street, address.unit, place)))


def _house(record: StandardRecord) -> str:
    former = [name.family for name in record.former_names if name.family and name.family != record.name.family]
    names = record.name.family
    if former:
        names = f"{names} (also {', '.join(dict.fromkeys(former))})".strip()
    shown = [names, *map(_address, record.addresses), *record.phones, *record.emails]
    return "; ".join(filter(None, shown))


def _ssn(record: StandardRecord) -> str:
    if record.ssn:
        return f"***-**-{record.ssn[5:]}"
    return f"last four {record.ssn_last4}" if record.ssn_last4 else ""


def _identifiers(record: StandardRecord) -> str:
    return "; ".join(f"{authority} {kind} {_tail(value)}" for authority, kind, value in record.identifiers)


def _tail(value: str) -> str:
    """Government and insurance numbers are masked like an SSN; a blind index shows nothing, nor does a short number."""
    if len(value) >= _BLIND_CHARACTERS:
        return "(protected)"
    return "*" * len(value) if len(value) <= 4 else "*" * (len(value) - 4) + value[-4:]


_SHOWN: dict[str, Callable[[StandardRecord], str]] = {
    "given": _given,
    "middle": lambda record: record.name.middle,
    "house": _house,
    "birth_date": lambda record: record.birth_date or record.birth_year,
    "sex": lambda record: record.sex,
    "ssn": _ssn,
    "identifier": _identifiers,
}
