"""Some acts of people on a fresh index, so that its pages have something to show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from matching.model_document import load_default, to_document, with_hash
from mpi.commands import Actor
from mpi.management.benchmarks.index import Row
from mpi.models import GoldenRecord, PotentialMatch
from mpi.services.ingest import ingest
from mpi.services.model_draft import import_model
from mpi.services.override import set_value
from mpi.services.receive import Draft, flat_payload, receive_many
from mpi.services.registration_alias import register_alias
from mpi.services.registration_newborn import Birth, Child, register_newborns
from mpi.services.resolve import Answer, resolve_potential_match

_REASON = "For the measurement"


def act_a_little(newcomers: Sequence[Row], actor: Actor) -> None:
    """Records that arrive, two questions answered, a value set, a draft, patients registered at the desk."""
    drafts = [Draft("rest", flat_payload(row), row["source_system"], row["mrn"]) for row in newcomers]
    ingest(message_ids=[received.message_id for received in receive_many(drafts, actor=actor)])
    _answer("same", actor)
    _answer("different", actor)
    golden = GoldenRecord.objects.filter(status="confirmed").order_by("-member_count", "pk").first()
    if golden is None:
        return
    set_value(
        euid=golden.euid,
        field="phone",
        value="603-555-0199",
        reason=_REASON,
        version=golden.version,
        actor=actor,
    )
    model = with_hash(replace(load_default(), version="benchmark", justification=_REASON))
    import_model(text=json.dumps(to_document(model)), actor=actor)
    register_alias(token=uuid4(), sex="M", actor=actor)
    birth = Birth("2026-11-20", (Child("F"), Child("F")), mother_euid=golden.euid)
    register_newborns(token=uuid4(), birth=birth, seen=(), actor=actor)


def _answer(outcome: Answer, actor: Actor) -> None:
    """The most urgent open question, answered."""
    match = (
        PotentialMatch.objects.filter(status="open").select_related("golden_a", "golden_b").order_by("-risk").first()
    )
    if match is None:
        return
    resolve_potential_match(
        uuid=match.uuid,
        outcome=outcome,
        version=match.version,
        versions={side.euid: side.version for side in (match.golden_a, match.golden_b)},
        reason_code="documents-seen",
        reason=_REASON,
        actor=actor,
    )
