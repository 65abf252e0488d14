"""An identifier conflict speaks of two source records; the queue finds open tasks by their type."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("mpi", "0014_relationships"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="identitytask", name="one_open_task_a_subject"),
        migrations.AddField(
            model_name="identitytask",
            name="other_record",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="mpi.sourcerecord"
            ),
        ),
        migrations.AddIndex(
            model_name="identitytask",
            index=models.Index(condition=Q(status="open"), fields=["type", "id"], name="identity_task_queue"),
        ),
        migrations.AddConstraint(
            model_name="identitytask",
            constraint=models.UniqueConstraint(
                condition=Q(status="open", other_record__isnull=True),
                fields=("source_record", "type"),
                name="one_open_task_a_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="identitytask",
            constraint=models.UniqueConstraint(
                condition=Q(status="open", other_record__isnull=False),
                fields=("source_record", "other_record", "type"),
                name="one_open_task_a_pair",
            ),
        ),
        migrations.AddConstraint(
            model_name="identitytask",
            constraint=models.CheckConstraint(
                condition=Q(type="identifier-conflict", other_record__gt=F("source_record"))
                | (~Q(type="identifier-conflict") & Q(other_record__isnull=True)),
                name="only_a_conflict_has_two_records",
            ),
        ),
    ]
