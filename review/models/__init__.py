"""What belongs to the steward's desk and to nobody else. The facts that these tables speak of are in `mpi.models`."""

from review.models.blind import BlindAnswer
from review.models.decisions import FINAL_OUTCOMES, Outcome, ReviewDecision
from review.models.desk import Assignment, Claim, Deferral, Note
from review.models.saved_views import SavedView

__all__ = [
    "FINAL_OUTCOMES",
    "Assignment",
    "BlindAnswer",
    "Claim",
    "Deferral",
    "Note",
    "Outcome",
    "ReviewDecision",
    "SavedView",
]
