"""Acts that wait for a second person, and the persons for whom policy always asks one."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import audit.uuid7


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0016_registration"),
    ]

    operations = [
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=audit.uuid7.uuid7, unique=True)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("merge", "Merge"),
                            ("same-person", "Same Person"),
                            ("different-people", "Different People"),
                            ("unmerge", "Unmerge"),
                            ("undo", "Undo"),
                            ("overlay-split", "Overlay Split"),
                            ("link", "Link"),
                            ("unlink", "Unlink"),
                        ],
                        max_length=20,
                    ),
                ),
                ("subject", models.CharField(max_length=120)),
                ("parameters", models.JSONField()),
                ("versions", models.JSONField()),
                (
                    "asked_by",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None),
                ),
                ("reason_code", models.CharField(blank=True, max_length=32)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("proposer_id", models.CharField(max_length=120)),
                ("proposer_name", models.CharField(max_length=120)),
                ("proposed_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("stale", "Stale"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by_id", models.CharField(blank=True, max_length=120)),
                ("decided_by_name", models.CharField(blank=True, max_length=120)),
                ("decision_reason", models.CharField(blank=True, max_length=500)),
                (
                    "event",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposal",
                        to="mpi.identityevent",
                    ),
                ),
                (
                    "identity_task",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="mpi.identitytask",
                    ),
                ),
                (
                    "potential_match",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="mpi.potentialmatch",
                    ),
                ),
            ],
            options={
                "db_table": "mpi_proposal",
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["id"], name="proposal_open"),
                    models.Index(
                        condition=models.Q(("potential_match__isnull", False)),
                        fields=["potential_match"],
                        name="proposal_of_match",
                    ),
                    models.Index(
                        condition=models.Q(("identity_task__isnull", False)),
                        fields=["identity_task"],
                        name="proposal_of_task",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "act__in",
                                [
                                    "merge",
                                    "same-person",
                                    "different-people",
                                    "unmerge",
                                    "undo",
                                    "overlay-split",
                                    "link",
                                    "unlink",
                                ],
                            )
                        ),
                        name="proposal_act_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "approved", "rejected", "withdrawn", "stale"])),
                        name="proposal_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("subject",), name="one_open_proposal_a_subject"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by_id", ""), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("decided_at__isnull", False),
                                models.Q(("decided_by_id", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="proposal_open_or_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("event__isnull", False), ("state", "approved")),
                            models.Q(models.Q(("state", "approved"), _negated=True), ("event__isnull", True)),
                            _connector="OR",
                        ),
                        name="approved_proposal_has_an_event",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("approved", "rejected")), _negated=True),
                            models.Q(("decided_by_id", models.F("proposer_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_approves_his_own_proposal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "withdrawn"), _negated=True),
                            ("decided_by_id", models.F("proposer_id")),
                            _connector="OR",
                        ),
                        name="only_the_proposer_withdraws",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VipMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=500)),
                ("marked_by_id", models.CharField(max_length=120)),
                ("marked_by_name", models.CharField(max_length=120)),
                ("marked_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_by_id", models.CharField(blank=True, max_length=120)),
                ("lifted_by_name", models.CharField(blank=True, max_length=120)),
                ("lift_reason", models.CharField(blank=True, max_length=500)),
                (
                    "golden_record",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vip_marks",
                        to="mpi.goldenrecord",
                    ),
                ),
            ],
            options={
                "db_table": "mpi_vip_mark",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("golden_record",),
                        name="one_standing_vip_mark",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at__isnull", True), ("lifted_by_id", "")),
                            models.Q(("lifted_at__isnull", False), models.Q(("lifted_by_id", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="vip_mark_lifted_by_somebody",
                    ),
                ],
            },
        ),
    ]
