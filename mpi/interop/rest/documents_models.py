"""Documents of linkage models."""

from __future__ import annotations

from dataclasses import asdict

from matching.model import LinkageModel
from mpi.interop.rest.documents import Document
from mpi.models import LinkageModelVersion


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
