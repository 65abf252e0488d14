"""A steward's own filters of the queue, under names of their choice."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SavedView(models.Model):
    """One named filter of one user. `query` is the filter as the address of the queue says it: no value of a person."""

    id = models.BigAutoField(primary_key=True)
    user_id = models.CharField(max_length=150)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=300)
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "review_saved_view"
        constraints = [
            models.UniqueConstraint(fields=["user_id", "name"], name="one_saved_view_a_name"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"saved view {self.id}"
