"""Draft: a document of survivorship rules becomes a version that nobody follows yet."""

from __future__ import annotations

import hashlib
import json
import re

import orjson

from audit.actions import Action
from audit.record import entry_by, record
from matching.survivorship import SurvivorshipRules, SurvivorshipRulesError
from mpi.access import Permission, require
from mpi.commands import Actor
from mpi.errors import Flaw, InvalidInput
from mpi.models import RulesStatus, SurvivorshipVersion
from mpi.services.locking import run_act, transaction_time
from mpi.services.parse import all_systems
from mpi.services.reasons import check_words
from mpi.services.rules_versions import SUBJECT

LARGEST_DOCUMENT = 20_000
"""Bytes; the shipped rules have 1,500."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def content_hash(rules: SurvivorshipRules) -> str:
    """SHA-256 over the document with its keys in order, as hexadecimal digits."""
    return hashlib.sha256(orjson.dumps(rules.to_document(), option=orjson.OPT_SORT_KEYS)).hexdigest()


def rules_from_text(text: str) -> SurvivorshipRules:
    """The rules of a JSON text. Raises InvalidInput with every flaw, its field and its mend."""
    try:
        told = json.loads(text) if len(text) <= LARGEST_DOCUMENT else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        flaw = Flaw(
            "document", "is no JSON object", f"send version, fields and ranks, at most {LARGEST_DOCUMENT:,} bytes"
        )
        raise InvalidInput("The rules cannot be read; nothing was changed.", flaws=[flaw])
    try:
        return SurvivorshipRules.from_document(told)
    except SurvivorshipRulesError as error:
        flaws = [Flaw(flaw.field, flaw.problem, flaw.mend) for flaw in error.flaws]
        raise InvalidInput("The rules cannot be used; nothing was changed.", flaws=flaws) from error


def draft_rules(*, text: str, justification: str, actor: Actor) -> SurvivorshipVersion:
    """Keep the document of a JSON text as a draft. Raises Forbidden, and InvalidInput with every flaw."""
    require(actor, Permission.MODEL_MANAGE)
    rules = rules_from_text(text)
    if not _NAME.fullmatch(rules.version):
        flaw = Flaw("version", "is no name", "use 1 to 64 letters, digits, dots, hyphens and underscores")
        raise InvalidInput("The rules were not drafted: their version cannot be used.", flaws=[flaw])
    _check_systems(rules)
    check_words(justification, field="justification", mend="say why")

    def act() -> SurvivorshipVersion:
        if SurvivorshipVersion.objects.filter(name=rules.version).exists():
            flaw = Flaw("version", "is taken", "give the new version a name of its own")
            raise InvalidInput("There are rules of this name already; a version is never changed.", flaws=[flaw])
        version = SurvivorshipVersion.objects.create(
            name=rules.version,
            content_hash=content_hash(rules),
            document=rules.to_document(),
            justification=justification,
            author=actor.name,
            author_id=actor.id,
            created_at=transaction_time(),
        )
        after = {"status": str(RulesStatus.DRAFT), "content_hash": version.content_hash}
        subject = (SUBJECT, version.name)
        record(entry_by(actor, Action.RULES_DRAFTED, subject=subject, reason_text=justification, after=after))
        return version

    return run_act(act)


def _check_systems(rules: SurvivorshipRules) -> None:
    known = all_systems() if rules.ranks else {}
    mend = f"those that are registered are {', '.join(sorted(known))}"
    flaws = [Flaw(f"ranks.{code}"[:64], "is no source system", mend) for code, _ in rules.ranks if code not in known]
    if flaws:
        raise InvalidInput("The rules were not drafted: they rank a system that is not known.", flaws=flaws)
