"""Survivorship rules of the tests."""

from __future__ import annotations

import json

from matching.survivorship import DEFAULT_RULES
from mpi.commands import Actor
from mpi.services.rules_activate import activate_rules
from mpi.services.rules_draft import draft_rules


def document(name: str, **fields: list[str]) -> str:
    """The shipped rules under another name, with other criteria for some fields."""
    shipped = DEFAULT_RULES.to_document()["fields"]
    assert isinstance(shipped, dict)
    return json.dumps({"version": name, "fields": {**shipped, **fields}})


def draft(actor: Actor, name: str, **fields: list[str]) -> str:
    return draft_rules(text=document(name, **fields), justification="As agreed", actor=actor).name


def activate(actor: Actor, name: str) -> None:
    activate_rules(name=name, reason="As agreed", actor=actor)
