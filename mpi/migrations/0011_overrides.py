"""Identity events of golden values that stewards set and lift."""

from django.db import migrations, models
from django.db.models import Q

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
]


class Migration(migrations.Migration):
    dependencies = [("mpi", "0010_survivorship")]

    operations = [
        migrations.RemoveConstraint("identityevent", "event_kind_known"),
        migrations.AlterField("identityevent", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AddConstraint(
            "identityevent",
            models.CheckConstraint(condition=Q(kind__in=[kind for kind, _ in KINDS]), name="event_kind_known"),
        ),
    ]
