"""The next task, loaded while the steward still looks at this one; what follows an answer is then already there."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from review.addresses import task_url
from review.pages import StewardRequest, show, steward_required
from review.queries.queue import next_up
from review.queries.state import arrival, done_line
from review.queue_forms import QueueFilterForm
from review.queue_views import within
from review.services.answers import Answer


@require_GET
@steward_required
def ahead(request: StewardRequest, uuid: UUID) -> HttpResponse:
    """Lead to the page of the task that an answer to this one would bring, without claiming it; 204 for none.

    The page is asked for by its own address, so that it is audited like any other reading of it.
    """
    wanted = QueueFilterForm(request.GET).wanted()
    found = next_up(wanted, user_id=request.actor.id, now=timezone.now(), besides=uuid)
    if found is None:
        return HttpResponse(status=204)
    return redirect(within(task_url(found.kind, found.uuid), wanted))


def arrived(request: StewardRequest, uuid: UUID, seen: str, answer: Answer, address: str) -> HttpResponse | None:
    """What is new of the claimed next task, for a page that has loaded it ahead and shows what is true (`seen`).

    None where that page would not be the same any more: then the task is shown from its address.
    """
    now = timezone.now()
    found = arrival(uuid, user_id=request.actor.id, now=now, seen=seen)
    if found is None:
        return None
    state, token = found
    done = done_line(str(answer.decision), user_id=request.actor.id)
    response = show(request, "review/_arrived.html", {"state": state, "token": token, "done": done}, now=now)
    response.headers["X-Desk"] = "arrived"
    response.headers["X-Desk-Address"] = address
    return response
