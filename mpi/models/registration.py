"""Registrations of patients at this index's own desk, and the pool of names for those who cannot say theirs."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from audit.uuid7 import uuid7


class RegistrationKind(models.TextChoices):
    """visit: another number of a known person; new; newborn: a child of a mother; alias: nobody knows who it is."""

    VISIT = "visit"
    NEW = "new"
    NEWBORN = "newborn"
    ALIAS = "alias"


class Registration(models.Model):
    """One number given to a patient, and what the clerk was shown and said before. Tells nothing of the patient.

    The source record is the one of the registration's source system under `number`: it comes by the ordinary door.

    token, place   the form that was sent, and which of its patients this is: sent twice it registers once
    payload_hash   a keyed hash of what the form said, so that another one is not taken for it
    shown          likely existing patients that were shown, likeliest first: [{"euid", "probability", "grade"}]
    reason         why none of those shown is the patient, or why the chosen one is
    home_euid      the golden record that was chosen, "" for one of its own
    settled_at     when a newborn was named or an alias identified; NULL where that is still to come
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    kind = models.CharField(max_length=8, choices=RegistrationKind.choices)
    token = models.UUIDField()
    place = models.PositiveSmallIntegerField(default=0)
    number = models.CharField(max_length=16, unique=True)
    payload_hash = models.BinaryField(max_length=32)
    shown = models.JSONField(default=list)
    shown_count = models.PositiveSmallIntegerField(default=0)
    home_euid = models.CharField(max_length=12, blank=True)
    mother_euid = models.CharField(max_length=12, blank=True)
    birth_order = models.PositiveSmallIntegerField(null=True)
    reason_code = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mpi_registration"
        constraints = [
            models.UniqueConstraint(fields=["token", "place"], name="one_registration_a_form_and_place"),
            models.CheckConstraint(condition=Q(kind__in=RegistrationKind.values), name="registration_kind_known"),
            models.CheckConstraint(
                condition=~Q(kind="new") | Q(shown_count=0) | ~Q(reason_code=""), name="registration_says_why_new"
            ),
            models.CheckConstraint(
                condition=Q(kind="visit") & ~Q(home_euid="") | ~Q(kind="visit") & Q(home_euid=""),
                name="visit_of_a_known_person",
            ),
            models.CheckConstraint(
                condition=~Q(kind="newborn") | Q(birth_order__isnull=False), name="newborn_has_a_birth_order"
            ),
        ]
        indexes = [
            # newborns to be named and aliases to be identified, newest first
            models.Index(
                fields=["kind", "-id"],
                name="registration_unsettled",
                condition=Q(kind__in=["newborn", "alias"], settled_at__isnull=True, withdrawn_at__isnull=True),
            ),
            # what one person registered, and the registrations of a time
            models.Index(fields=["actor_id", "-id"], name="registration_of_a_clerk"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} registration {self.uuid}"


class AliasName(models.Model):
    """A name and a number set aside for a patient whom nobody knows: free until a registration takes it, never again.

    The family name is one that the matching takes for no name at all; the words of the given name sound unlike.
    """

    id = models.BigAutoField(primary_key=True)
    family_name = models.CharField(max_length=40)
    given_name = models.CharField(max_length=40)
    number = models.CharField(max_length=16, unique=True)
    allotted_at = models.DateTimeField()
    allotted_by = models.CharField(max_length=120)
    registration = models.OneToOneField(
        Registration, on_delete=models.PROTECT, null=True, related_name="alias_name", db_index=False
    )

    class Meta:
        db_table = "mpi_alias_name"
        constraints = [
            models.UniqueConstraint(fields=["family_name", "given_name"], name="an_alias_name_once"),
            models.CheckConstraint(condition=~Q(given_name=""), name="alias_has_a_name"),
        ]
        indexes = [
            # the next free one
            models.Index(fields=["id"], name="alias_name_free", condition=Q(registration__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.number
