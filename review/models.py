"""What belongs to the steward's desk and to nobody else: claims, notes, decisions and deferrals.

These tables are not tracked: a claim is a lease, and a decision of a steward is itself a row that is
never rewritten (only `overturned_at` is set, once). The facts they speak of are in `mpi.models`.
"""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

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


class Claim(models.Model):
    """A lease on one task: until it runs out or is given back, nobody else may decide.

    `ended_at` is null while the lease is open; an open lease past `until` is taken over by the next
    who asks. Ended rows stay: they tell how long tasks wait before somebody takes them.
    """

    id = models.BigAutoField(primary_key=True)
    potential_match = models.ForeignKey(PotentialMatch, on_delete=models.PROTECT, related_name="claims")
    user_id = models.CharField(max_length=150)
    user_name = models.CharField(max_length=150)
    taken_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_claim"
        constraints = [
            models.UniqueConstraint(
                fields=["potential_match"], condition=Q(ended_at__isnull=True), name="one_open_claim_a_task"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("taken_at")), name="claim_ends_after_it_begins"),
        ]
        indexes = [
            # the queue's filter "mine"
            models.Index(fields=["user_id"], name="claim_open_of_user", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"claim {self.id}"


class Note(models.Model):
    """What one steward wants the others to know about a task. Never changed, never deleted."""

    id = models.BigAutoField(primary_key=True)
    potential_match = models.ForeignKey(PotentialMatch, on_delete=models.PROTECT, related_name="notes")
    user_id = models.CharField(max_length=150)
    user_name = models.CharField(max_length=150)
    text = models.CharField(max_length=1000)
    written_at = models.DateTimeField()

    class Meta:
        db_table = "review_note"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"note {self.id}"


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


class Deferral(models.Model):
    """A task set aside until a time. It ends by itself then, or at once when the evidence changes.

    `version` is the potential match's version at that moment: a deferral of another version is over.
    """

    id = models.BigAutoField(primary_key=True)
    potential_match = models.ForeignKey(PotentialMatch, on_delete=models.PROTECT, related_name="deferrals")
    decision = models.OneToOneField(ReviewDecision, on_delete=models.PROTECT, related_name="deferral")
    version = models.PositiveIntegerField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_deferral"
        constraints = [
            models.UniqueConstraint(
                fields=["potential_match"], condition=Q(ended_at__isnull=True), name="one_open_deferral_a_task"
            )
        ]

    def __str__(self) -> str:
        return f"deferral {self.id}"
