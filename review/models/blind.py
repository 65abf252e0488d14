"""Answers of the blind double review: kept apart from decisions, for none of them alone changes the index."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from mpi.models import PotentialMatch
from review.models.decisions import FINAL_OUTCOMES, Outcome


class BlindAnswer(models.Model):
    """One reading of a task of the sample, by one steward.

    round         1 and 2 do not know of one another: the pairs from which agreement is computed. 3 sees both
    task_version  version of the potential match that was read
    basis_hash    what the reading was bound to (see `review.basis`); readings of another basis do not count together
    seconds       from showing the page to the answer
    overturned_at the reader took it back before somebody else read
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True)
    potential_match = models.ForeignKey(PotentialMatch, on_delete=models.PROTECT, related_name="blind_answers")
    task_version = models.PositiveIntegerField()
    round = models.PositiveSmallIntegerField()
    user_id = models.CharField(max_length=150)
    user_name = models.CharField(max_length=150)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    reason_code = models.CharField(max_length=32, blank=True)
    comment = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField()
    seconds = models.FloatField()
    basis_hash = models.CharField(max_length=64)
    overturned_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_blind_answer"
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=FINAL_OUTCOMES), name="blind_answer_is_final"),
            models.CheckConstraint(condition=Q(round__in=(1, 2, 3)), name="blind_round_known"),
            models.UniqueConstraint(
                fields=["potential_match", "basis_hash", "round"],
                condition=Q(overturned_at__isnull=True),
                name="one_blind_answer_a_round",
            ),
            models.UniqueConstraint(
                fields=["potential_match", "basis_hash", "user_id"],
                condition=Q(overturned_at__isnull=True),
                name="nobody_reads_a_task_twice",
            ),
        ]
        indexes = [
            # what a steward has read already, for the next task; and agreement per reviewer
            models.Index(fields=["user_id", "potential_match"], name="blind_answer_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.uuid}"
