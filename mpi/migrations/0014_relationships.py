"""Relationships between persons, and the identity events that begin and end them."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

import audit.uuid7

KINDS = [
    ("link", "Link"),
    ("unlink", "Unlink"),
    ("join", "Join"),
    ("merge", "Merge"),
    ("unmerge", "Unmerge"),
    ("undo", "Undo"),
    ("separate", "Separate"),
    ("lift-separation", "Lift Separation"),
    ("same-person", "Same Person"),
    ("different-people", "Different People"),
    ("verify", "Verify"),
    ("confirm", "Confirm"),
    ("retire", "Retire"),
    ("split", "Split"),
    ("move", "Move"),
    ("question", "Question"),
    ("overlay-accept", "Overlay Accept"),
    ("overlay-reject", "Overlay Reject"),
    ("overlay-split", "Overlay Split"),
    ("source-merge", "Source Merge"),
    ("source-unmerge", "Source Unmerge"),
    ("override", "Override"),
    ("lift-override", "Lift Override"),
    ("relate", "Relate"),
    ("unrelate", "Unrelate"),
]
RELATIONSHIPS = [
    ("mother", "Mother"),
    ("father", "Father"),
    ("guardian", "Guardian"),
    ("grandparent", "Grandparent"),
    ("spouse", "Spouse"),
    ("sibling", "Sibling"),
    ("twin", "Twin"),
    ("relative", "Relative"),
]


class Migration(migrations.Migration):
    dependencies = [("mpi", "0013_lighter_indexes")]

    operations = [
        migrations.RemoveConstraint("identityevent", "event_kind_known"),
        migrations.AlterField("identityevent", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AddConstraint(
            "identityevent",
            models.CheckConstraint(condition=Q(kind__in=[kind for kind, _ in KINDS]), name="event_kind_known"),
        ),
        migrations.CreateModel(
            name="Relationship",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=audit.uuid7.uuid7, unique=True)),
                ("kind", models.CharField(choices=RELATIONSHIPS, max_length=12)),
                (
                    "from_records",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("to_records", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("reason", models.CharField(max_length=500)),
                ("actor_id", models.CharField(max_length=120)),
                ("actor_name", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by_event",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mpi.identityevent",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mpi.identityevent",
                    ),
                ),
                (
                    "separation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relationships",
                        to="mpi.separation",
                    ),
                ),
            ],
            options={"db_table": "mpi_relationship"},
        ),
        migrations.AddIndex(
            "relationship",
            django.contrib.postgres.indexes.GinIndex(fields=["from_records"], name="relationship_from"),
        ),
        migrations.AddIndex(
            "relationship", django.contrib.postgres.indexes.GinIndex(fields=["to_records"], name="relationship_to")
        ),
        migrations.AddConstraint(
            "relationship",
            models.CheckConstraint(
                condition=Q(kind__in=[kind for kind, _ in RELATIONSHIPS]), name="relationship_kind_known"
            ),
        ),
        migrations.AddConstraint(
            "relationship",
            models.CheckConstraint(
                condition=~Q(from_records=[]) & ~Q(to_records=[]), name="relationship_of_source_records"
            ),
        ),
        migrations.AddConstraint(
            "relationship",
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by_event__isnull=True)
                | Q(ended_at__isnull=False, ended_by_event__isnull=False),
                name="relationship_ended_by_an_event",
            ),
        ),
    ]
