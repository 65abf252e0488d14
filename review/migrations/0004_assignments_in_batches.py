"""Tasks are assigned in batches, and a batch can be undone."""

from uuid import uuid4

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0003_blind_answers"),
    ]

    operations = [
        migrations.AddField("assignment", "batch", models.UUIDField(default=uuid4), preserve_default=False),
        migrations.AddField("assignment", "ended_by_batch", models.UUIDField(null=True)),
        migrations.AddIndex("assignment", models.Index(fields=["batch"], name="assignment_of_batch")),
        migrations.AddIndex(
            "assignment",
            models.Index(
                fields=["ended_by_batch"], name="assignment_ended_by_batch", condition=Q(ended_by_batch__isnull=False)
            ),
        ),
    ]
