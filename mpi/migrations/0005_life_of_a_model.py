"""Who drafted and who approved a linkage model, which version was active when, and documents that cannot change."""

from uuid import uuid4

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

FIXED = """
CREATE FUNCTION mpi_keep_model_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A linkage model version is never deleted.' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.name, NEW.content_hash, NEW.document, NEW.justification, NEW.author, NEW.author_id, NEW.created_at)
       IS DISTINCT FROM
       (OLD.name, OLD.content_hash, OLD.document, OLD.justification, OLD.author, OLD.author_id, OLD.created_at) THEN
        RAISE EXCEPTION 'A linkage model version is never changed: draft another one.'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mpi_linkage_model_version_fixed BEFORE UPDATE OR DELETE ON mpi_linkage_model_version
    FOR EACH ROW EXECUTE FUNCTION mpi_keep_model_document();
ALTER TABLE mpi_linkage_model_version ENABLE ALWAYS TRIGGER mpi_linkage_model_version_fixed;
CREATE TRIGGER mpi_linkage_model_version_append_only BEFORE TRUNCATE ON mpi_linkage_model_version
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE mpi_linkage_model_version ENABLE ALWAYS TRIGGER mpi_linkage_model_version_append_only;
CREATE TRIGGER mpi_model_activation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mpi_model_activation
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE mpi_model_activation ENABLE ALWAYS TRIGGER mpi_model_activation_append_only;
"""
LOOSE = """
DROP TRIGGER mpi_model_activation_append_only ON mpi_model_activation;
DROP TRIGGER mpi_linkage_model_version_append_only ON mpi_linkage_model_version;
DROP TRIGGER mpi_linkage_model_version_fixed ON mpi_linkage_model_version;
DROP FUNCTION mpi_keep_model_document();
"""
# Versions from before this migration came with a release: there was no other way to get one.
SHIPPED = """
UPDATE mpi_linkage_model_version
SET author_id = 'release:author', decided_at = created_at, approver_id = 'release:approver'
WHERE author_id = '';
INSERT INTO mpi_model_activation (uuid, version_id, is_rollback, actor_id, actor_name, reason, estimate, recorded_at)
SELECT gen_random_uuid(), id, false, 'system:setup', 'setup', '', '{}', coalesce(activated_at, created_at)
FROM mpi_linkage_model_version WHERE status = 'active';
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("mpi", "0004_rematch"), ("audit", "0002_append_only")]

    operations = [
        migrations.AddField("linkagemodelversion", "author_id", models.CharField(max_length=120, default=""), preserve_default=False),
        migrations.AddField("linkagemodelversion", "approver_id", models.CharField(blank=True, default="", max_length=120), preserve_default=False),
        migrations.AddField("linkagemodelversion", "decision_reason", models.CharField(blank=True, default="", max_length=500), preserve_default=False),
        migrations.AddField("linkagemodelversion", "decided_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "linkagemodelversion",
            "status",
            models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("approved", "Approved"),
                    ("rejected", "Rejected"),
                    ("active", "Active"),
                    ("superseded", "Superseded"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="ModelActivation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid4, unique=True)),
                ("is_rollback", models.BooleanField(default=False)),
                ("actor_id", models.CharField(max_length=120)),
                ("actor_name", models.CharField(max_length=120)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("estimate", models.JSONField(default=dict)),
                ("preview", models.UUIDField(null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "previous",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mpi.linkagemodelversion",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mpi.linkagemodelversion",
                    ),
                ),
            ],
            options={"db_table": "mpi_model_activation"},
        ),
        migrations.RunSQL(SHIPPED, reverse_sql=migrations.RunSQL.noop),
        migrations.RemoveConstraint("linkagemodelversion", "model_status_known"),
        migrations.AddConstraint(
            "linkagemodelversion",
            models.CheckConstraint(
                condition=Q(status__in=["draft", "approved", "rejected", "active", "superseded"]),
                name="model_status_known",
            ),
        ),
        migrations.AddConstraint(
            "linkagemodelversion",
            models.CheckConstraint(
                condition=Q(status__in=["draft", "rejected"]) | (~Q(approver_id="") & ~Q(approver_id=F("author_id"))),
                name="model_approved_by_another_person",
            ),
        ),
        migrations.RunSQL(FIXED, reverse_sql=LOOSE),
    ]
