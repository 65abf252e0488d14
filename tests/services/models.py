"""Linkage models for tests: the shipped one with something changed, drafted, approved, activated."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from matching.levels import BIRTH_DATE, BirthDate
from matching.model import LinkageModel
from matching.model_document import load_default, to_document, with_hash
from mpi.commands import Actor
from mpi.services.model_activate import activate_model
from mpi.services.model_approve import approve_model
from mpi.services.model_draft import import_model


def changed(name: str, **settings: Any) -> LinkageModel:
    """The shipped model under another name, fields replaced."""
    return with_hash(replace(load_default(), version=name, justification="For a test.", **settings))


def wary(name: str) -> LinkageModel:
    """A model that hardly believes in duplicates: no link would be made under it. Its birth dates weigh less, too."""
    comparisons = list(load_default().comparisons)
    levels = list(comparisons[BIRTH_DATE].levels)
    levels[BirthDate.EXACT] = replace(levels[BirthDate.EXACT], m=0.01)
    comparisons[BIRTH_DATE] = replace(comparisons[BIRTH_DATE], levels=tuple(levels))
    return changed(name, comparisons=tuple(comparisons), prior=1e-30)


def text_of(model: LinkageModel) -> str:
    return json.dumps(to_document(model))


def drafted(model: LinkageModel, author: Actor) -> str:
    return import_model(text=text_of(model), actor=author).name


def approved(model: LinkageModel, author: Actor, approver: Actor) -> str:
    name = drafted(model, author)
    approve_model(name=name, reason="Looked at it", actor=approver)
    return name


def activated(model: LinkageModel, author: Actor, approver: Actor) -> str:
    name = approved(model, author, approver)
    activate_model(name=name, reason="As agreed", actor=approver)
    return name
