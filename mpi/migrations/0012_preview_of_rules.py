"""Survivorship rules are previewed and approved by a second person; ranks of systems change with them alone."""

from uuid import uuid4

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

STATUSES = [
    ("draft", "Draft"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("active", "Active"),
    ("superseded", "Superseded"),
]
FIXED_RANK = """
CREATE FUNCTION mpi_keep_rank() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The rank of a source system is changed by survivorship rules.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER mpi_source_system_rank_fixed BEFORE UPDATE ON mpi_source_system
    FOR EACH ROW WHEN (OLD.rank <> NEW.rank) EXECUTE FUNCTION mpi_keep_rank();
ALTER TABLE mpi_source_system ENABLE ALWAYS TRIGGER mpi_source_system_rank_fixed;
"""
LOOSE_RANK = """
DROP TRIGGER mpi_source_system_rank_fixed ON mpi_source_system;
DROP FUNCTION mpi_keep_rank();
"""


def _version(related_name, **told):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to="mpi.survivorshipversion", **told
    )


def _text(name, size):
    field = models.CharField(blank=True, default="", max_length=size)
    return migrations.AddField("survivorshipversion", name, field, preserve_default=False)


class Migration(migrations.Migration):
    dependencies = [("mpi", "0011_overrides")]

    operations = [
        _text("approver", 120),
        _text("approver_id", 120),
        _text("decision_reason", 500),
        migrations.AddField("survivorshipversion", "decided_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("survivorshipversion", "rules_status_known"),
        migrations.AlterField(
            "survivorshipversion", "status", models.CharField(choices=STATUSES, default="draft", max_length=12)
        ),
        migrations.AddConstraint(
            "survivorshipversion",
            models.CheckConstraint(condition=Q(status__in=[status for status, _ in STATUSES]), name="rules_status_known"),
        ),
        migrations.CreateModel(
            name="SurvivorshipPreview",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid4, unique=True)),
                ("actor_id", models.CharField(max_length=120)),
                ("actor_name", models.CharField(max_length=120)),
                ("correlation_id", models.UUIDField()),
                ("position", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("examined", models.BigIntegerField(default=0)),
                ("changed", models.BigIntegerField(default=0)),
                ("fields", models.JSONField(default=dict)),
                ("sample", models.JSONField(default=dict)),
                ("error", models.CharField(blank=True, max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("worked_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("against", _version("+", db_index=False)),
                ("version", _version("previews")),
            ],
            options={"db_table": "mpi_survivorship_preview"},
        ),
        migrations.RunSQL(FIXED_RANK, reverse_sql=LOOSE_RANK),
    ]
