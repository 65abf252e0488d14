"""Answers of the blind double review."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0015_conflict_of_two_records"),
        ("review", "0002_either_kind_of_task"),
    ]

    operations = [
        migrations.CreateModel(
            name="BlindAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("task_version", models.PositiveIntegerField()),
                ("round", models.PositiveSmallIntegerField()),
                ("user_id", models.CharField(max_length=150)),
                ("user_name", models.CharField(max_length=150)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("same", "same person"),
                            ("different", "different people"),
                            ("cannot-tell", "cannot tell"),
                            ("fix-at-source", "to be fixed at the source"),
                            ("later", "put off"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason_code", models.CharField(blank=True, max_length=32)),
                ("comment", models.CharField(blank=True, max_length=500)),
                ("decided_at", models.DateTimeField()),
                ("seconds", models.FloatField()),
                ("basis_hash", models.CharField(max_length=64)),
                ("overturned_at", models.DateTimeField(null=True)),
                (
                    "potential_match",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blind_answers",
                        to="mpi.potentialmatch",
                    ),
                ),
            ],
            options={
                "db_table": "review_blind_answer",
                "indexes": [models.Index(fields=["user_id", "potential_match"], name="blind_answer_of_user")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ("same", "different"))), name="blind_answer_is_final"
                    ),
                    models.CheckConstraint(condition=models.Q(("round__in", (1, 2, 3))), name="blind_round_known"),
                    models.UniqueConstraint(
                        condition=models.Q(("overturned_at__isnull", True)),
                        fields=("potential_match", "basis_hash", "round"),
                        name="one_blind_answer_a_round",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("overturned_at__isnull", True)),
                        fields=("potential_match", "basis_hash", "user_id"),
                        name="nobody_reads_a_task_twice",
                    ),
                ],
            },
        ),
    ]
