"""Registrations at the index's own desk, names for unidentified patients, and the identity event of a registration."""

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
    ("register", "Register"),
]
UNSETTLED = Q(kind__in=["newborn", "alias"], settled_at__isnull=True, withdrawn_at__isnull=True)


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0015_conflict_of_two_records"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="identityevent", name="event_kind_known"),
        migrations.AlterField(
            model_name="identityevent", name="kind", field=models.CharField(choices=KINDS, max_length=20)
        ),
        migrations.AddConstraint(
            model_name="identityevent",
            constraint=models.CheckConstraint(
                condition=Q(kind__in=[kind for kind, _ in KINDS]), name="event_kind_known"
            ),
        ),
        migrations.CreateModel(
            name="Registration",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(default=audit.uuid7.uuid7, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("visit", "Visit"), ("new", "New"), ("newborn", "Newborn"), ("alias", "Alias")],
                        max_length=8,
                    ),
                ),
                ("token", models.UUIDField()),
                ("place", models.PositiveSmallIntegerField(default=0)),
                ("number", models.CharField(max_length=16, unique=True)),
                ("payload_hash", models.BinaryField(max_length=32)),
                ("shown", models.JSONField(default=list)),
                ("shown_count", models.PositiveSmallIntegerField(default=0)),
                ("home_euid", models.CharField(blank=True, max_length=12)),
                ("mother_euid", models.CharField(blank=True, max_length=12)),
                ("birth_order", models.PositiveSmallIntegerField(null=True)),
                ("reason_code", models.CharField(blank=True, max_length=32)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("actor_id", models.CharField(max_length=120)),
                ("actor_name", models.CharField(max_length=120)),
                ("recorded_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "mpi_registration",
                "indexes": [
                    models.Index(fields=["kind", "-id"], name="registration_unsettled", condition=UNSETTLED),
                    models.Index(fields=["actor_id", "-id"], name="registration_of_a_clerk"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=["token", "place"], name="one_registration_a_form_and_place"),
                    models.CheckConstraint(
                        condition=Q(kind__in=["visit", "new", "newborn", "alias"]), name="registration_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=~Q(kind="new") | Q(shown_count=0) | ~Q(reason_code=""),
                        name="registration_says_why_new",
                    ),
                    models.CheckConstraint(
                        condition=Q(kind="visit") & ~Q(home_euid="") | ~Q(kind="visit") & Q(home_euid=""),
                        name="visit_of_a_known_person",
                    ),
                    models.CheckConstraint(
                        condition=~Q(kind="newborn") | Q(birth_order__isnull=False), name="newborn_has_a_birth_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AliasName",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("family_name", models.CharField(max_length=40)),
                ("given_name", models.CharField(max_length=40)),
                ("number", models.CharField(max_length=16, unique=True)),
                ("allotted_at", models.DateTimeField()),
                ("allotted_by", models.CharField(max_length=120)),
                (
                    "registration",
                    models.OneToOneField(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alias_name",
                        to="mpi.registration",
                    ),
                ),
            ],
            options={
                "db_table": "mpi_alias_name",
                "indexes": [
                    models.Index(fields=["id"], name="alias_name_free", condition=Q(registration__isnull=True)),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=["family_name", "given_name"], name="an_alias_name_once"),
                    models.CheckConstraint(condition=~Q(given_name=""), name="alias_has_a_name"),
                ],
            },
        ),
    ]
