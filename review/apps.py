"""The steward's desk as a Django app."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Label `review`."""

    name = "review"
