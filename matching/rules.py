"""Every cap and veto of the policy in words: what a model card prints and an evaluation counts.

The rules themselves stand in `policy` and `evidence_rule`; a test holds this table to the codes used there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RuleKind = Literal["veto", "cap", "sole"]

KINDS: dict[RuleKind, str] = {
    "veto": "Evidence of two people: one such pair forbids joining the two sets of records.",
    "cap": "Held for a steward, whatever the probability.",
    "sole": "Links only when no other person fits.",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the code of its `Reason`, what it does, what it looks for, and why."""

    code: str
    kind: RuleKind
    words: str
    why: str


RULES: tuple[Rule, ...] = (
    Rule("suffix", "veto", "Different suffixes (Jr, Sr, III).", "Father and son share name and address."),
    Rule("birth-letter", "veto", "Different letters or orders of a multiple birth.", "They are twins."),
    Rule("deceased-before", "veto", "One died before the other was born.", "It cannot be one person."),
    Rule("generation", "veto", "Birth dates a generation apart.", "Parent and child share name and address."),
    Rule(
        "given-differs",
        "veto",
        "Different given names without the same number and birth date.",
        "Twins and siblings share all but the given name.",
    ),
    Rule(
        "middle-differs",
        "veto",
        "Different middle names without the same number, address or phone.",
        "Namesakes of one birth date differ in the middle name.",
    ),
    Rule(
        "ssn-differs",
        "veto",
        "Two valid, different SSNs without the same name, birth date and address or phone.",
        "A second number is more often a second person than an error.",
    ),
    Rule(
        "floor",
        "veto",
        "The evidence as a whole lies under the floor of the policy.",
        "One record of another person must not be carried along by the others.",
    ),
    Rule(
        "two-people",
        "veto",
        "Two independent contradictions and no shared number.",
        "Two people of one household; not worth a steward's time.",
    ),
    Rule("given-similar", "cap", "Given names only similar, without the same number and birth date.", "Jon and Joan."),
    Rule(
        "birth-date-differs",
        "cap",
        "Birth dates two or more errors apart without the same number.",
        "Too far for a typing error, too near to be sure.",
    ),
    Rule(
        "ssn-near",
        "cap",
        "Numbers nearly the same without the same given name and birth date.",
        "Numbers of a family may follow each other.",
    ),
    Rule(
        "identifier-differs",
        "cap",
        "Different numbers of one kind without the same SSN or a birth date that agrees.",
        "Father and son of one name have a number each.",
    ),
    Rule("suffix-unsure", "cap", "A suffix on one side and no birth date.", "Nothing tells father from son."),
    Rule(
        "middle-unsure",
        "cap",
        "No birth date on one side, and a full middle name there that the other does not tell.",
        "The next record may tell another middle name: father and son share a name.",
    ),
    Rule(
        "sex-differs",
        "cap",
        "Different sex and not exactly the same given name.",
        "Siblings of like names (Carl, Carla).",
    ),
    Rule(
        "multiple-birth",
        "cap",
        "A child of a multiple birth without a name on the other side.",
        "A twin may be meant.",
    ),
    Rule("death-differs", "cap", "Different dates of death.", "One of the two is wrong, or they are two people."),
    Rule(
        "household-only",
        "cap",
        "Only household data agree: family name, address, phone or e-mail.",
        "A household is not a person; without any number not even a question for a steward.",
    ),
    Rule(
        "evidence",
        "cap",
        "Evidence rule: besides name and birth date nothing more agrees, or a number agrees without a name.",
        "Automatic links need one thing more than a name and a birth date.",
    ),
    Rule(
        "namesake",
        "cap",
        "Namesake rule: strangers of this name and birth date are to be expected in the population.",
        "A common name and a birth date do occur twice.",
    ),
    Rule("given-unknown", "sole", "No given name on one side.", "A newborn has no name yet, and may have a twin."),
    Rule("given-initial", "sole", "Only the initial of the given name.", "Siblings share initials."),
    Rule("birth-date-unknown", "sole", "No birth date on one side.", "Father and son share a name."),
)
"""In the order in which a model card prints them."""

BY_CODE = {rule.code: rule for rule in RULES}
