"""Linkage models in lines for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from matching.model import LinkageModel
from mpi.models import LinkageModelVersion
from mpi.services.model_compare import Comparison

_SHOWN_LEVELS = 25


def version_document(version: LinkageModelVersion, model: LinkageModel | None = None) -> dict[str, Any]:
    """A version as JSON; with its model also thresholds, policy, prior, weights and training."""
    told: dict[str, Any] = {
        "version": version.name,
        "status": str(version.status),
        "content_hash": version.content_hash,
        "author": version.author,
        "approver": version.approver,
        "created_at": version.created_at.isoformat(),
        "decided_at": version.decided_at.isoformat() if version.decided_at else None,
        "activated_at": version.activated_at.isoformat() if version.activated_at else None,
        "justification": version.justification,
    }
    if model is None:
        return told
    levels = {
        comparison.name: {level.name: round(level.bits, 4) for level in comparison.levels[1:]}
        for comparison in model.comparisons
    }
    return told | {
        "thresholds": {"automatic": model.thresholds.automatic, "review": model.thresholds.review},
        "policy": {"mode": model.policy.mode, "population": model.policy.population},
        "prior": {"probability": model.prior, "records": model.prior_records, "bits": round(model.prior_bits, 4)},
        "bits": levels,
        "training": dict(model.training),
        "evaluation": dict(model.evaluation),
    }


def version_lines(version: LinkageModelVersion, model: LinkageModel) -> Iterator[str]:
    """A version in words, and its weights."""
    yield f"{version.name} ({version.status}), drafted by {version.author}"
    if version.approver:
        yield f"{'Rejected' if version.status == 'rejected' else 'Approved'} by {version.approver}"
    yield f"Why: {version.justification}"
    thresholds = model.thresholds
    yield f"Links over {thresholds.automatic:.1%}, review from {thresholds.review:.1%}, policy {model.policy.mode}"
    yield f"Prior {model.prior_bits:+.2f} bits, for {model.prior_records:,} records"
    for comparison in model.comparisons:
        yield comparison.title
        for level in comparison.levels[1:]:
            yield f"  {level.bits:+7.2f}  {level.words}  (m {level.m:.3g}, u {level.u:.3g}, {level.origin})"


def comparison_lines(found: Comparison) -> Iterator[str]:
    """What differs, the largest first, and what it would do."""
    yield f"{found.version.name}, seen from {found.other.name}"
    if found.difference.is_none:
        yield "Nothing that matters to a score differs."
    for setting in found.difference.settings:
        yield f"  {setting.name}: {setting.before} → {setting.after}"
    for change in found.difference.levels[:_SHOWN_LEVELS]:
        bits = f"{change.before.bits:+.2f} → {change.after.bits:+.2f} ({change.bits:+.2f})"
        yield f"  {bits}  {change.title}: {change.words}"
    more = len(found.difference.levels) - _SHOWN_LEVELS
    if more > 0:
        yield f"  … and {more} more levels"
    for table in found.difference.frequencies:
        yield f"  frequencies of {table.table} names: {table.added} more, {table.removed} fewer names"
    seen = found.estimate
    yield f"Of {seen.looked_at:,} links looked at {seen.share.hits:,} would change (at most {seen.at_most:.2%} of all)"
    yield f"Of {found.compared_pairs:,} stored pairs {found.changed_pairs:,} would have another grade"
    for grade in found.grades:
        if grade.differs:
            yield f"  {grade.kind}: {grade.before} → {grade.after}: {grade.pairs:,}"
