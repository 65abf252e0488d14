"""Who works on what: claims, assignments, notes and deferrals, each on one task of either kind.

These tables are not tracked: a claim is a lease. A task is a `PotentialMatch` or an `IdentityTask`; each row here
names exactly one of the two, by constraint.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from mpi.models import IdentityTask, PotentialMatch
from review.models.decisions import ReviewDecision


def _one_task(name: str) -> models.CheckConstraint:
    """The row speaks of a potential match or of an identity task, never of both."""
    either = Q(potential_match__isnull=False, identity_task__isnull=True)
    other = Q(potential_match__isnull=True, identity_task__isnull=False)
    return models.CheckConstraint(condition=either | other, name=name)


def _one_open(field: str, name: str) -> models.UniqueConstraint:
    """At most one row that has not ended for a task."""
    open_row = Q(ended_at__isnull=True, **{f"{field}__isnull": False})
    return models.UniqueConstraint(fields=[field], condition=open_row, name=name)


class Claim(models.Model):
    """A lease on one task: until it runs out or is given back, nobody else may decide.

    `ended_at` is null while the lease is open; an open lease past `until` is taken over by the next
    who asks. Ended rows stay: they tell how long tasks wait before somebody takes them.
    """

    id = models.BigAutoField(primary_key=True)
    potential_match = models.ForeignKey(PotentialMatch, null=True, on_delete=models.PROTECT, related_name="claims")
    identity_task = models.ForeignKey(IdentityTask, null=True, on_delete=models.PROTECT, related_name="claims")
    user_id = models.CharField(max_length=150)
    user_name = models.CharField(max_length=150)
    taken_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_claim"
        constraints = [
            _one_task("claim_of_one_task"),
            _one_open("potential_match", "one_open_claim_a_task"),
            _one_open("identity_task", "one_open_claim_an_identity_task"),
            models.CheckConstraint(condition=Q(until__gt=F("taken_at")), name="claim_ends_after_it_begins"),
        ]
        indexes = [
            # the queue's filter "mine"
            models.Index(fields=["user_id"], name="claim_open_of_user", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"claim {self.id}"


class Assignment(models.Model):
    """A supervisor gave a task to a person: their "next task" brings it first, nobody else's brings it at all.

    It stands until it is withdrawn or given to another (`ended_at`). Whoever claims the task by hand may still do so:
    the assignee may be away. `batch` names the act that assigned it together with others, `ended_by_batch` the act
    that ended it: by them such an act is undone.
    """

    id = models.BigAutoField(primary_key=True)
    potential_match = models.ForeignKey(PotentialMatch, null=True, on_delete=models.PROTECT, related_name="assignments")
    identity_task = models.ForeignKey(IdentityTask, null=True, on_delete=models.PROTECT, related_name="assignments")
    user_id = models.CharField(max_length=150)
    user_name = models.CharField(max_length=150)
    by_id = models.CharField(max_length=150)
    by_name = models.CharField(max_length=150)
    batch = models.UUIDField()
    assigned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_batch = models.UUIDField(null=True)

    class Meta:
        db_table = "review_assignment"
        constraints = [
            _one_task("assignment_of_one_task"),
            _one_open("potential_match", "one_open_assignment_a_task"),
            _one_open("identity_task", "one_open_assignment_an_identity_task"),
        ]
        indexes = [
            # what is assigned to a person
            models.Index(fields=["user_id"], name="assignment_open_of_user", condition=Q(ended_at__isnull=True)),
            # what an act assigned, to undo it
            models.Index(fields=["batch"], name="assignment_of_batch"),
            models.Index(
                fields=["ended_by_batch"], name="assignment_ended_by_batch", condition=Q(ended_by_batch__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.id}"


class Note(models.Model):
    """What one steward wants the others to know about a task. Never changed, never deleted."""

    id = models.BigAutoField(primary_key=True)
    potential_match = models.ForeignKey(PotentialMatch, null=True, on_delete=models.PROTECT, related_name="notes")
    identity_task = models.ForeignKey(IdentityTask, null=True, on_delete=models.PROTECT, related_name="notes")
    user_id = models.CharField(max_length=150)
    user_name = models.CharField(max_length=150)
    text = models.CharField(max_length=1000)
    written_at = models.DateTimeField()

    class Meta:
        db_table = "review_note"
        ordering = ("id",)
        constraints = [_one_task("note_of_one_task")]

    def __str__(self) -> str:
        return f"note {self.id}"


class Deferral(models.Model):
    """A task set aside until a time. It ends by itself then, or at once when the evidence changes.

    `version` is the task's version at that moment: a deferral of another version is over. `decision` is the answer
    that set a potential match aside; an identity task has none, so `user_name` and `comment` say who did it and why.
    """

    id = models.BigAutoField(primary_key=True)
    potential_match = models.ForeignKey(PotentialMatch, null=True, on_delete=models.PROTECT, related_name="deferrals")
    identity_task = models.ForeignKey(IdentityTask, null=True, on_delete=models.PROTECT, related_name="deferrals")
    decision = models.OneToOneField(ReviewDecision, null=True, on_delete=models.PROTECT, related_name="deferral")
    version = models.PositiveIntegerField()
    until = models.DateTimeField()
    user_id = models.CharField(max_length=150, blank=True)
    user_name = models.CharField(max_length=150, blank=True)
    comment = models.CharField(max_length=500, blank=True)
    set_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "review_deferral"
        constraints = [
            _one_task("deferral_of_one_task"),
            models.CheckConstraint(
                condition=Q(potential_match__isnull=False, decision__isnull=False)
                | Q(identity_task__isnull=False, decision__isnull=True, set_at__isnull=False),
                name="deferral_says_who_set_aside",
            ),
            _one_open("potential_match", "one_open_deferral_a_task"),
            _one_open("identity_task", "one_open_deferral_an_identity_task"),
        ]

    def __str__(self) -> str:
        return f"deferral {self.id}"
