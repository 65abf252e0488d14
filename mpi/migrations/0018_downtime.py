"""Snapshots for the look-up during downtime, and how far the journals of its stations are brought in."""

import django.db.models.deletion
from django.db import migrations, models

import audit.uuid7


class Migration(migrations.Migration):
    dependencies = [("mpi", "0017_proposals")]

    operations = [
        migrations.CreateModel(
            name="DowntimeSnapshot",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=audit.uuid7.uuid7, unique=True)),
                ("key_name", models.CharField(max_length=64)),
                ("persons", models.PositiveIntegerField()),
                ("numbers", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("actor_id", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={"db_table": "mpi_downtime_snapshot"},
        ),
        migrations.CreateModel(
            name="DowntimeJournal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("station", models.PositiveSmallIntegerField()),
                ("entries", models.PositiveIntegerField(default=0)),
                ("chain", models.CharField(blank=True, max_length=64)),
                ("recorded_at", models.DateTimeField()),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="journals",
                        to="mpi.downtimesnapshot",
                    ),
                ),
            ],
            options={"db_table": "mpi_downtime_journal"},
        ),
        migrations.AddConstraint(
            "downtimejournal",
            models.UniqueConstraint(fields=("snapshot", "station"), name="one_downtime_journal_a_station"),
        ),
    ]
