"""Whether an update of a source record still speaks of the same person, or overlays it with another.

The new state of a record is compared with its own last trusted state. Rules over similarity levels, no model: name
and birth date both changed beyond a typing error is another person unless something explains it (marriage, a newborn
that got its name, an alias that was identified, a former name that was told). A change of address, telephone or
e-mail alone never counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from matching.overlay_changes import Change, Changes, changed_parts, changes_of, differ, has_name
from matching.records import StandardRecord

Verdict = Literal["allow", "review", "quarantine"]

REASON_WORDS: Final = {
    "name_and_birth_date_changed": "Name and birth date both changed by more than a typing error.",
    "given_name_changed": "The given name is another one.",
    "family_name_changed": "The family name is another one.",
    "whole_name_changed": "Given name and family name are both others.",
    "birth_date_changed": "The birth date changed by more than a typing error.",
    "generation_changed": "Same name, but a birth date a generation apart or another suffix.",
    "sex_changed": "The sex changed.",
    "ssn_replaced": "One valid social security number was replaced by a different one.",
    "birth_letter_changed": "The child is now another one of a multiple birth.",
    "identity_removed": "The name was there and is now missing or a placeholder.",
    "many_changes": "Many details changed in one update.",
}
"""What each reason code says to a steward."""

EXPLANATION_WORDS: Final = {
    "typing_error": "The differences are typing errors.",
    "marriage": "A new family name with the same given name and birth date.",
    "former_name": "The other name was told as a former name or alias.",
    "newborn_named": "A newborn got its name.",
    "alias_identified": "A person without a name, or under a placeholder, was identified.",
    "names_swapped": "Given and family name changed places.",
    "same_ssn": "The social security number is the same.",
    "same_contact": "Address, telephone, e-mail or another number is the same.",
    "sex_marker": "Only the sex marker changed.",
    "ssn_added": "A social security number was added.",
}
"""What each explanation says to a steward."""

_GENERATION_YEARS = 13
_MANY = 5


@dataclass(frozen=True, slots=True)
class OverlayVerdict:
    """`allow`, `review` (apply and open a task) or `quarantine` (do not apply); reasons and explanations as codes."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    explained_by: tuple[str, ...] = ()


def assess(old: StandardRecord, new: StandardRecord) -> OverlayVerdict:
    """Judge one update against the record's own last trusted state."""
    changes = changes_of(old, new)
    if not has_name(old):
        return _identified(changes)
    if not has_name(new):
        return _identity_removed(changes)
    verdict, reasons = _judge(old, new, changes)
    if verdict == "allow" and changed_parts(old, new, changes) >= _MANY:
        verdict, reasons = "review", ["many_changes"]
    return OverlayVerdict(verdict, tuple(reasons), changes.explained_by)


def _identified(changes: Changes) -> OverlayVerdict:
    """An alias got its name: its birth date was a guess, its sex and its SSN were not."""
    reasons = [
        reason
        for reason, change in (("ssn_replaced", changes.ssn), ("sex_changed", changes.sex))
        if change is Change.OTHER
    ]
    return OverlayVerdict("review" if reasons else "allow", tuple(reasons), changes.explained_by)


def _identity_removed(changes: Changes) -> OverlayVerdict:
    if changes.birth is Change.OTHER or changes.ssn is Change.OTHER:
        return OverlayVerdict("quarantine", ("identity_removed",), changes.explained_by)
    return OverlayVerdict("review", ("identity_removed",), changes.explained_by)


def _judge(old: StandardRecord, new: StandardRecord, changes: Changes) -> tuple[Verdict, list[str]]:
    if changes.name is Change.OTHER and changes.birth is Change.OTHER:
        return _judge_name_and_birth(changes)
    if changes.name is Change.OTHER:
        return _judge_name(changes)
    if changes.birth is Change.OTHER:
        return _judge_birth(old, new, changes)
    if differ(old.birth_letter, new.birth_letter):
        return "review", ["birth_letter_changed"]
    if new.newborn and not old.newborn and old.name.given:
        return "review", ["identity_removed"]
    if old.newborn and changes.sex is Change.OTHER:
        return "review", ["sex_changed"]
    if differ(old.name.suffix, new.name.suffix):
        return _by_ssn(changes, "generation_changed")
    if changes.ssn is Change.OTHER:
        return "review", ["ssn_replaced"]
    return "allow", []


def _judge_name_and_birth(changes: Changes) -> tuple[Verdict, list[str]]:
    """Another person, unless the SSN is the same and so is half of the name."""
    reasons = ["name_and_birth_date_changed"]
    if changes.ssn is Change.OTHER:
        reasons.append("ssn_replaced")
    half_same = min(changes.given, changes.family) is not Change.OTHER
    return ("review" if changes.ssn is Change.SAME and half_same else "quarantine"), reasons


def _judge_name(changes: Changes) -> tuple[Verdict, list[str]]:
    """Same or unknown birth date: marriage is allowed; another given name on one birth date may be a twin."""
    if changes.given is not Change.OTHER:
        return _judge_family_name(changes)
    both = changes.family is Change.OTHER
    reasons = ["whole_name_changed" if both else "given_name_changed"]
    if changes.sex is Change.OTHER:
        reasons.append("sex_changed")
    if changes.ssn is Change.OTHER:
        return "quarantine", [*reasons, "ssn_replaced"]
    if changes.ssn is Change.SAME:
        return ("review" if both else "allow"), reasons
    if changes.birth is not Change.UNKNOWN:
        return "quarantine", reasons
    return ("quarantine" if both and changes.contact is not Change.SAME else "review"), reasons


def _judge_family_name(changes: Changes) -> tuple[Verdict, list[str]]:
    """Only the family name is another one."""
    reasons = ["family_name_changed"]
    if changes.ssn is Change.OTHER:
        return "review", [*reasons, "ssn_replaced"]
    known = "marriage" in changes.explained_by or changes.ssn is Change.SAME
    return ("allow" if known else "review"), reasons


def _judge_birth(old: StandardRecord, new: StandardRecord, changes: Changes) -> tuple[Verdict, list[str]]:
    """Same name, another birth date: a correction, father and son, or a namesake from elsewhere."""
    years = abs(int(old.birth_year) - int(new.birth_year)) if old.birth_year and new.birth_year else 0
    generation = differ(old.name.suffix, new.name.suffix) or years >= _GENERATION_YEARS
    reason = "generation_changed" if generation else "birth_date_changed"
    # A father and his son share the name, the address and the telephone: those excuse no generation.
    held = generation or changes.contact is Change.OTHER
    return _by_ssn(changes, reason, unknown="quarantine" if held else "review")


def _by_ssn(changes: Changes, reason: str, unknown: Verdict = "review") -> tuple[Verdict, list[str]]:
    if changes.ssn is Change.OTHER:
        return "quarantine", [reason, "ssn_replaced"]
    return ("allow" if changes.ssn is Change.SAME else unknown), [reason]
