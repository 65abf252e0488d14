"""Indexes that nobody asks, and a check that costs more than its rows, are dropped; new UUIDs are ordered by time."""

import django.db.models.deletion
from django.db import migrations, models

import audit.uuid7


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0012_preview_of_rules"),
    ]

    operations = [
        migrations.AlterField(
            model_name="blockingkey",
            name="source_record",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="mpi.sourcerecord",
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7),
        ),
        migrations.AlterField(
            model_name="goldenrecord",
            name="euid",
            field=models.CharField(max_length=12),
        ),
        migrations.AlterField(
            model_name="historicalgoldenrecord",
            name="history_date",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="historicallink",
            name="history_date",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="historicalpotentialmatch",
            name="history_date",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="historicalpotentialmatch",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7),
        ),
        migrations.AlterField(
            model_name="historicalsourcerecord",
            name="history_date",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="historicalsourcerecord",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7),
        ),
        migrations.AlterField(
            model_name="identifier",
            name="source_record",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="identifiers",
                to="mpi.sourcerecord",
            ),
        ),
        migrations.AlterField(
            model_name="identityevent",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7, unique=True),
        ),
        migrations.AlterField(
            model_name="identitytask",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7, unique=True),
        ),
        migrations.AlterField(
            model_name="inboundmessage",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7, unique=True),
        ),
        migrations.AlterField(
            model_name="potentialmatch",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7, unique=True),
        ),
        migrations.AlterField(
            model_name="separation",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7, unique=True),
        ),
        migrations.AlterField(
            model_name="sourcemerge",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7, unique=True),
        ),
        migrations.AlterField(
            model_name="sourcerecord",
            name="uuid",
            field=models.UUIDField(default=audit.uuid7.uuid7, unique=True),
        ),
        migrations.AddConstraint(
            model_name="goldenrecord",
            constraint=models.UniqueConstraint(fields=("euid",), name="one_golden_record_per_euid"),
        ),
    ]
