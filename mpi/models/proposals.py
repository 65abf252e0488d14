"""Acts that wait for a second person, and the persons for whom policy always asks one."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from audit.uuid7 import uuid7
from mpi.models.golden import GoldenRecord
from mpi.models.links import IdentityEvent, IdentityTask, PotentialMatch


class ProposalAct(models.TextChoices):
    """What can be proposed."""

    MERGE = "merge"
    SAME_PERSON = "same-person"
    DIFFERENT_PEOPLE = "different-people"
    UNMERGE = "unmerge"
    UNDO = "undo"
    OVERLAY_SPLIT = "overlay-split"
    LINK = "link"
    UNLINK = "unlink"


class ProposalState(models.TextChoices):
    """stale: what it was bound to had changed when somebody wanted to approve it, so nothing was done."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    STALE = "stale"


class Proposal(models.Model):
    """One act on identity that somebody proposes and another one approves; only then it is carried out.

    subject     what is acted upon, so that the same act is not proposed twice at a time
    parameters  what the act needs (EUIDs, keys, a time): no value of a person
    versions    EUID -> version of every golden record that the act would change, as it was when this was proposed
    asked_by    codes of mpi.services.second_person_policy: why two people are asked
    decided_by  who approved, rejected or withdrew it, or found it stale; `event` is the act that an approval did
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    act = models.CharField(max_length=20, choices=ProposalAct.choices)
    subject = models.CharField(max_length=120)
    parameters = models.JSONField()
    versions = models.JSONField()
    asked_by = ArrayField(models.CharField(max_length=32))
    reason_code = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    potential_match = models.ForeignKey(
        PotentialMatch, null=True, on_delete=models.PROTECT, db_index=False, related_name="proposals"
    )
    identity_task = models.ForeignKey(
        IdentityTask, null=True, on_delete=models.PROTECT, db_index=False, related_name="proposals"
    )
    proposer_id = models.CharField(max_length=120)
    proposer_name = models.CharField(max_length=120)
    proposed_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.CharField(max_length=120, blank=True)
    decided_by_name = models.CharField(max_length=120, blank=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    event = models.OneToOneField(IdentityEvent, null=True, on_delete=models.PROTECT, related_name="proposal")

    class Meta:
        db_table = "mpi_proposal"
        constraints = [
            models.CheckConstraint(condition=Q(act__in=ProposalAct.values), name="proposal_act_known"),
            models.CheckConstraint(condition=Q(state__in=ProposalState.values), name="proposal_state_known"),
            models.UniqueConstraint(fields=["subject"], condition=Q(state="open"), name="one_open_proposal_a_subject"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True, decided_by_id="")
                | (~Q(state="open") & Q(decided_at__isnull=False) & ~Q(decided_by_id="")),
                name="proposal_open_or_decided",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", event__isnull=False) | (~Q(state="approved") & Q(event__isnull=True)),
                name="approved_proposal_has_an_event",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "rejected")) | ~Q(decided_by_id=F("proposer_id")),
                name="nobody_approves_his_own_proposal",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(decided_by_id=F("proposer_id")),
                name="only_the_proposer_withdraws",
            ),
        ]
        indexes = [
            # the list of those that wait
            models.Index(fields=["id"], name="proposal_open", condition=Q(state="open")),
            # whether a task waits for a second person
            models.Index(
                fields=["potential_match"], name="proposal_of_match", condition=Q(potential_match__isnull=False)
            ),
            models.Index(fields=["identity_task"], name="proposal_of_task", condition=Q(identity_task__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.uuid}"


class VipMark(models.Model):
    """A supervisor marked this golden record: acts on it need two people. Lifted, never deleted.

    Whom it is merged into is marked by it as long as the merge stands, and no longer: a mark is found by following
    `merged_into`, so neither a merge nor its undoing has to move it.
    """

    id = models.BigAutoField(primary_key=True)
    golden_record = models.ForeignKey(GoldenRecord, on_delete=models.PROTECT, db_index=False, related_name="vip_marks")
    reason = models.CharField(max_length=500)
    marked_by_id = models.CharField(max_length=120)
    marked_by_name = models.CharField(max_length=120)
    marked_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by_id = models.CharField(max_length=120, blank=True)
    lifted_by_name = models.CharField(max_length=120, blank=True)
    lift_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "mpi_vip_mark"
        constraints = [
            models.UniqueConstraint(
                fields=["golden_record"], condition=Q(lifted_at__isnull=True), name="one_standing_vip_mark"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by_id="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_by_id="")),
                name="vip_mark_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"VIP mark {self.id}"
