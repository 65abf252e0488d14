"""The answers of stewards. A decision is a row that is never rewritten; only `overturned_at` is set, once."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from mpi.models import PotentialMatch


class Outcome(models.TextChoices):
    """What a steward can answer. Only `same` and `different` change the index; the others keep the question open."""

    SAME = "same", "same person"
    DIFFERENT = "different", "different people"
    CANNOT_TELL = "cannot-tell", "cannot tell"
    FIX_AT_SOURCE = "fix-at-source", "to be fixed at the source"
    LATER = "later", "put off"


FINAL_OUTCOMES = (Outcome.SAME, Outcome.DIFFERENT)
"""The outcomes that answer the question and become labels for evaluation and calibration."""


class ReviewDecision(models.Model):
    """One answer of one steward, with what the screen said at that moment: a label for evaluation.

    task_version  version of the potential match that was answered
    basis_hash    what the answer was bound to (see `review.basis`); hexadecimal SHA-256
    seconds       from showing the page to the answer
    event_uuid    the identity event of a final outcome, by which it is undone
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    potential_match = models.ForeignKey(PotentialMatch, on_delete=models.PROTECT, related_name="review_decisions")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    reason_code = models.CharField(max_length=32, blank=True)
    comment = models.CharField(max_length=500, blank=True)
    user_id = models.CharField(max_length=150)
    user_name = models.CharField(max_length=150)
    decided_at = models.DateTimeField()
    seconds = models.FloatField()
    task_version = models.PositiveIntegerField()
    basis_hash = models.CharField(max_length=64)
    model_version = models.CharField(max_length=64)
    bits = models.FloatField()
    probability = models.FloatField()
    event_uuid = models.UUIDField(null=True)
    overturned_at = models.DateTimeField(null=True)
    overturned_by = models.CharField(max_length=150, blank=True)

    class Meta:
        db_table = "review_decision"
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="review_outcome_known"),
            models.CheckConstraint(
                condition=Q(outcome__in=FINAL_OUTCOMES, event_uuid__isnull=False)
                | (~Q(outcome__in=FINAL_OUTCOMES) & Q(event_uuid__isnull=True)),
                name="final_outcome_has_an_event",
            ),
            models.UniqueConstraint(
                fields=["potential_match"],
                condition=Q(outcome__in=FINAL_OUTCOMES, overturned_at__isnull=True),
                name="one_standing_answer_a_task",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.uuid}"
