"""Survivorship rules as data: versions that cannot be changed, and which were active when."""

from uuid import uuid4

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import Q

FIXED = """
CREATE FUNCTION mpi_keep_rules_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A version of the survivorship rules is never deleted.' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.name, NEW.content_hash, NEW.document, NEW.justification, NEW.author, NEW.author_id, NEW.created_at)
       IS DISTINCT FROM
       (OLD.name, OLD.content_hash, OLD.document, OLD.justification, OLD.author, OLD.author_id, OLD.created_at) THEN
        RAISE EXCEPTION 'A version of the survivorship rules is never changed: draft another one.'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mpi_survivorship_version_fixed BEFORE UPDATE OR DELETE ON mpi_survivorship_version
    FOR EACH ROW EXECUTE FUNCTION mpi_keep_rules_document();
ALTER TABLE mpi_survivorship_version ENABLE ALWAYS TRIGGER mpi_survivorship_version_fixed;
CREATE TRIGGER mpi_survivorship_version_append_only BEFORE TRUNCATE ON mpi_survivorship_version
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE mpi_survivorship_version ENABLE ALWAYS TRIGGER mpi_survivorship_version_append_only;
"""
LOOSE = """
DROP TRIGGER mpi_survivorship_version_append_only ON mpi_survivorship_version;
DROP TRIGGER mpi_survivorship_version_fixed ON mpi_survivorship_version;
DROP FUNCTION mpi_keep_rules_document();
"""
STATUSES = [("draft", "Draft"), ("active", "Active"), ("superseded", "Superseded")]


def _version(**told):
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="mpi.survivorshipversion",
        **told,
    )


class Migration(migrations.Migration):
    dependencies = [("mpi", "0009_acts_on_source_records"), ("audit", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="SurvivorshipVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=64, unique=True)),
                ("content_hash", models.CharField(max_length=64)),
                ("document", models.JSONField()),
                ("status", models.CharField(choices=STATUSES, default="draft", max_length=12)),
                ("justification", models.CharField(max_length=500)),
                ("author", models.CharField(max_length=120)),
                ("author_id", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField()),
                ("activated_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "mpi_survivorship_version",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(status__in=["draft", "active", "superseded"]), name="rules_status_known"
                    ),
                    models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="one_active_rules"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SurvivorshipActivation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid4, unique=True)),
                ("actor_id", models.CharField(max_length=120)),
                ("actor_name", models.CharField(max_length=120)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("correlation_id", models.UUIDField()),
                ("position", models.BigIntegerField(default=0)),
                ("earlier", ArrayField(base_field=models.CharField(max_length=32), null=True, size=None)),
                ("is_last_pass", models.BooleanField(default=False)),
                ("recomputed", models.BigIntegerField(default=0)),
                ("changed", models.BigIntegerField(default=0)),
                ("recorded_at", models.DateTimeField()),
                ("worked_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("previous", _version(null=True)),
                ("version", _version()),
            ],
            options={"db_table": "mpi_survivorship_activation"},
        ),
        migrations.RunSQL(FIXED, reverse_sql=LOOSE),
    ]
