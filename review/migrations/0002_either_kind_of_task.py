"""Claims, assignments, notes and deferrals of either kind of task; saved views of the queue."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0015_conflict_of_two_records"),
        ("review", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("user_id", models.CharField(max_length=150)),
                ("user_name", models.CharField(max_length=150)),
                ("by_id", models.CharField(max_length=150)),
                ("by_name", models.CharField(max_length=150)),
                ("assigned_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "review_assignment",
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("user_id", models.CharField(max_length=150)),
                ("name", models.CharField(max_length=40)),
                ("query", models.CharField(max_length=300)),
                ("saved_at", models.DateTimeField()),
            ],
            options={
                "db_table": "review_saved_view",
            },
        ),
        migrations.RemoveConstraint(
            model_name="claim",
            name="one_open_claim_a_task",
        ),
        migrations.RemoveConstraint(
            model_name="deferral",
            name="one_open_deferral_a_task",
        ),
        migrations.AddField(
            model_name="claim",
            name="identity_task",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="mpi.identitytask"
            ),
        ),
        migrations.AddField(
            model_name="deferral",
            name="comment",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="deferral",
            name="identity_task",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="deferrals", to="mpi.identitytask"
            ),
        ),
        migrations.AddField(
            model_name="deferral",
            name="set_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="deferral",
            name="user_id",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name="deferral",
            name="user_name",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name="note",
            name="identity_task",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="mpi.identitytask"
            ),
        ),
        migrations.AlterField(
            model_name="claim",
            name="potential_match",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="mpi.potentialmatch"
            ),
        ),
        migrations.AlterField(
            model_name="deferral",
            name="decision",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deferral",
                to="review.reviewdecision",
            ),
        ),
        migrations.AlterField(
            model_name="deferral",
            name="potential_match",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deferrals",
                to="mpi.potentialmatch",
            ),
        ),
        migrations.AlterField(
            model_name="note",
            name="potential_match",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="mpi.potentialmatch"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("identity_task__isnull", True), ("potential_match__isnull", False)),
                    models.Q(("identity_task__isnull", False), ("potential_match__isnull", True)),
                    _connector="OR",
                ),
                name="claim_of_one_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("potential_match__isnull", False)),
                fields=("potential_match",),
                name="one_open_claim_a_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("identity_task__isnull", False)),
                fields=("identity_task",),
                name="one_open_claim_an_identity_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="deferral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("identity_task__isnull", True), ("potential_match__isnull", False)),
                    models.Q(("identity_task__isnull", False), ("potential_match__isnull", True)),
                    _connector="OR",
                ),
                name="deferral_of_one_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="deferral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decision__isnull", False), ("potential_match__isnull", False)),
                    models.Q(("decision__isnull", True), ("identity_task__isnull", False), ("set_at__isnull", False)),
                    _connector="OR",
                ),
                name="deferral_says_who_set_aside",
            ),
        ),
        migrations.AddConstraint(
            model_name="deferral",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("potential_match__isnull", False)),
                fields=("potential_match",),
                name="one_open_deferral_a_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="deferral",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("identity_task__isnull", False)),
                fields=("identity_task",),
                name="one_open_deferral_an_identity_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("identity_task__isnull", True), ("potential_match__isnull", False)),
                    models.Q(("identity_task__isnull", False), ("potential_match__isnull", True)),
                    _connector="OR",
                ),
                name="note_of_one_task",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="identity_task",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assignments",
                to="mpi.identitytask",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="potential_match",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assignments",
                to="mpi.potentialmatch",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(fields=("user_id", "name"), name="one_saved_view_a_name"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="saved_view_has_a_name"
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["user_id"], name="assignment_open_of_user"
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("identity_task__isnull", True), ("potential_match__isnull", False)),
                    models.Q(("identity_task__isnull", False), ("potential_match__isnull", True)),
                    _connector="OR",
                ),
                name="assignment_of_one_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("potential_match__isnull", False)),
                fields=("potential_match",),
                name="one_open_assignment_a_task",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("identity_task__isnull", False)),
                fields=("identity_task",),
                name="one_open_assignment_an_identity_task",
            ),
        ),
    ]
