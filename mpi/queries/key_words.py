"""Blocking rules in words, for pages and the model card: what two records share when a rule finds them."""

from __future__ import annotations

KEY_WORDS = {
    "ssn": "SSN",
    "identifier": "other identifier",
    "ssn_last4_family": "last four digits of the SSN and sound of the family name",
    "number_part": "one end of a government number and sound of a name",
    "email": "e-mail",
    "phone": "phone",
    "names": "given and family name",
    "address_year": "address and birth year",
    "address_initial": "address and initial",
    "house_family": "house number and sound of the family name",
    "birth_names": "birth date and two letters of a name",
    "birth_house": "birth date and house number",
}


def key_words(rule: str) -> str:
    """What records share under this rule; of a rule of another release its name."""
    return KEY_WORDS.get(rule, rule.replace("_", " "))
