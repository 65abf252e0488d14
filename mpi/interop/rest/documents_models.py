"""Documents of linkage models and of survivorship rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from matching.model import LinkageModel
from mpi.interop.rest.documents import Document
from mpi.models import LinkageModelVersion, SurvivorshipActivation, SurvivorshipPreview, SurvivorshipVersion


def version_line(version: LinkageModelVersion) -> Document:
    """A version without its weights."""
    return {
        "name": version.name,
        "status": version.status,
        "content_hash": version.content_hash,
        "justification": version.justification,
        "author": version.author,
        "approver": version.approver or None,
        "created_at": version.created_at,
        "decided_at": version.decided_at,
        "activated_at": version.activated_at,
    }


def model_document(version: LinkageModelVersion, model: LinkageModel) -> Document:
    """A version with thresholds, policy, prior and every level."""
    comparisons = [
        {
            "name": comparison.name,
            "title": comparison.title,
            "levels": [
                {"name": level.name, "words": level.words, "m": level.m, "u": level.u, "bits": level.bits}
                for level in comparison.levels
            ],
        }
        for comparison in model.comparisons
    ]
    return {
        **version_line(version),
        "thresholds": asdict(model.thresholds),
        "policy": asdict(model.policy),
        "prior": {"probability": model.prior, "records": model.prior_records, "bits": model.prior_bits},
        "comparisons": comparisons,
    }


def rules_line(version: SurvivorshipVersion) -> Document:
    """A version of the survivorship rules as one line of a list."""
    return {
        "name": version.name,
        "status": version.status,
        "content_hash": version.content_hash,
        "justification": version.justification,
        "author": version.author,
        "approver": version.approver or None,
        "created_at": version.created_at,
        "decided_at": version.decided_at,
        "activated_at": version.activated_at,
    }


def rules_document(
    version: SurvivorshipVersion, activations: Sequence[SurvivorshipActivation], preview: SurvivorshipPreview | None
) -> Document:
    """One version with its document; `activations` the newest first, `preview` the newest."""
    return {
        **rules_line(version),
        "criteria": version.document["fields"],
        "ranks": version.document.get("ranks", {}),
        "preview": _preview_document(preview) if preview else None,
        "activations": [
            {
                "id": row.uuid,
                "actor_name": row.actor_name,
                "reason": row.reason,
                "recorded_at": row.recorded_at,
                "golden_records_recomputed": row.recomputed,
                "golden_records_changed": row.changed,
                "finished_at": row.finished_at,
            }
            for row in activations
        ],
    }


def _preview_document(preview: SurvivorshipPreview) -> Document:
    """What a version would change: counts alone."""
    return {
        "id": preview.uuid,
        "against": preview.against.name,
        "actor_name": preview.actor_name,
        "recorded_at": preview.recorded_at,
        "golden_records_examined": preview.examined,
        "golden_records_changed": preview.changed,
        "changed_by_field": preview.fields,
        "problem": preview.error or None,
        "finished_at": preview.finished_at,
    }
