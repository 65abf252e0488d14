"""What the navigation counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string


def open_review() -> int:
    """Everything that waits for a steward at the desk, as the desk itself counts it (`settings.REVIEW_COUNT`)."""
    return _counter()()


@cache
def _counter() -> Callable[[], int]:
    return cast("Callable[[], int]", import_string(settings.REVIEW_COUNT))
