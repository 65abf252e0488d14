"""Who is related to whom: a mother and her child, a guardian, brothers and sisters."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from audit.uuid7 import uuid7
from mpi.models.links import IdentityEvent
from mpi.models.records import Separation


class RelationshipKind(models.TextChoices):
    """What the first person is of the second one (HL7 v3 PersonalRelationshipRoleType, the few that identify)."""

    MOTHER = "mother"
    FATHER = "father"
    GUARDIAN = "guardian"
    GRANDPARENT = "grandparent"
    SPOUSE = "spouse"
    SIBLING = "sibling"
    TWIN = "twin"
    RELATIVE = "relative"


MUTUAL = frozenset(
    {RelationshipKind.SPOUSE, RelationshipKind.SIBLING, RelationshipKind.TWIN, RelationshipKind.RELATIVE}
)
"""What each of the two is of the other."""


class Relationship(models.Model):
    """One person is the mother, guardian … of another one. Ended, never edited.

    It is said of source records, as a separation is: so it follows merges, unmerges and undos with them. Each side is
    whoever has the first of its records that somebody has (one that its source has merged into another number counts
    as that one).

    from_records, to_records   keys of the source records of each side when it was said, the longest there first
    separation                 two related persons are two people: the separation that rests on it
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid7, unique=True)
    kind = models.CharField(max_length=12, choices=RelationshipKind.choices)
    from_records = ArrayField(models.BigIntegerField())
    to_records = ArrayField(models.BigIntegerField())
    reason = models.CharField(max_length=500)
    actor_id = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120)
    separation = models.ForeignKey(Separation, on_delete=models.PROTECT, related_name="relationships")
    event = models.ForeignKey(IdentityEvent, on_delete=models.PROTECT, db_index=False, related_name="+")
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_event = models.ForeignKey(
        IdentityEvent, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )

    class Meta:
        db_table = "mpi_relationship"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RelationshipKind.values), name="relationship_kind_known"),
            models.CheckConstraint(
                condition=~Q(from_records=[]) & ~Q(to_records=[]), name="relationship_of_source_records"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by_event__isnull=True)
                | Q(ended_at__isnull=False, ended_by_event__isnull=False),
                name="relationship_ended_by_an_event",
            ),
        ]
        indexes = [
            # the relationships of a person
            GinIndex(fields=["from_records"], name="relationship_from"),
            GinIndex(fields=["to_records"], name="relationship_to"),
        ]

    def __str__(self) -> str:
        return f"relationship {self.uuid}"
