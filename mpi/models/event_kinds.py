"""Acts on identity by kind, and which of them can be taken back."""

from __future__ import annotations

from django.db import models


class EventKind(models.TextChoices):
    """Acts on identity. Every act of an engine or a person is one event; an undo is an event that names the undone.

    split, move and question are acts of a rematch: source records leave for a new golden record or another one;
    potential matches open or close while every link stays.
    """

    LINK = "link"
    UNLINK = "unlink"
    JOIN = "join"
    MERGE = "merge"
    UNMERGE = "unmerge"
    UNDO = "undo"
    SEPARATE = "separate"
    LIFT_SEPARATION = "lift-separation"
    SAME_PERSON = "same-person"
    DIFFERENT_PEOPLE = "different-people"
    VERIFY = "verify"
    CONFIRM = "confirm"
    RETIRE = "retire"
    SPLIT = "split"
    MOVE = "move"
    QUESTION = "question"
    OVERLAY_ACCEPT = "overlay-accept"
    OVERLAY_REJECT = "overlay-reject"
    OVERLAY_SPLIT = "overlay-split"
    SOURCE_MERGE = "source-merge"
    SOURCE_UNMERGE = "source-unmerge"
    OVERRIDE = "override"
    LIFT_OVERRIDE = "lift-override"
    RELATE = "relate"
    UNRELATE = "unrelate"
    REGISTER = "register"


MERGES = frozenset({EventKind.MERGE, EventKind.SAME_PERSON, EventKind.JOIN})
"""Acts that make two golden records one: they can be undone, and unmerged."""
UNDOABLE = frozenset(
    {
        EventKind.MERGE,
        EventKind.SAME_PERSON,
        EventKind.DIFFERENT_PEOPLE,
        EventKind.SEPARATE,
        EventKind.LINK,
        EventKind.UNLINK,
        EventKind.JOIN,
        EventKind.VERIFY,
        EventKind.SPLIT,
        EventKind.MOVE,
        EventKind.QUESTION,
        EventKind.RETIRE,
        EventKind.OVERLAY_ACCEPT,
        EventKind.OVERLAY_REJECT,
        EventKind.OVERLAY_SPLIT,
        EventKind.SOURCE_MERGE,
        EventKind.OVERRIDE,
        EventKind.LIFT_OVERRIDE,
        EventKind.RELATE,
        EventKind.UNRELATE,
    }
)
"""Acts that an undo takes back; a link or unlink only where a person did it."""
