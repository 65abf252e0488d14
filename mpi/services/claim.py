"""Which messages of a batch may be applied now: open, not held by another worker, and first of their source record."""

from __future__ import annotations

from collections.abc import Sequence

from mpi.database.reading import Rows
from mpi.database.straight import Told
from mpi.models import InboundMessage
from mpi.services.rows import fetch, fetch_all, instance, table_of

_CLAIM = (
    f"SELECT {table_of(InboundMessage).selected} FROM mpi_inbound_message t "  # noqa: S608  # names of our own models
    "WHERE t.id = ANY(%s::bigint[]) AND t.state = 'received' ORDER BY t.id FOR UPDATE"
)
# An earlier open message of the same source record, under either of its keys, that this batch does not hold.
_BEHIND = """
SELECT m.id, bool_or(e.state = 'queued') FROM mpi_inbound_message m
JOIN LATERAL (
  SELECT e.state FROM mpi_inbound_message e
  WHERE e.state IN ('received', 'queued') AND e.order_key = m.order_key AND e.id < m.id AND e.id <> ALL(%s::bigint[])
  UNION ALL
  SELECT e.state FROM mpi_inbound_message e
  WHERE e.state IN ('received', 'queued') AND e.other_order_key IS NOT NULL AND e.other_order_key = m.order_key
  AND e.id < m.id AND e.id <> ALL(%s::bigint[])
  UNION ALL
  SELECT e.state FROM mpi_inbound_message e
  WHERE e.state IN ('received', 'queued') AND e.order_key = m.other_order_key AND e.id < m.id
  AND e.id <> ALL(%s::bigint[])
) e ON true
WHERE m.id = ANY(%s::bigint[]) GROUP BY m.id
"""
_QUEUE = "UPDATE mpi_inbound_message SET state = 'queued' WHERE id = ANY(%s::bigint[]) RETURNING id"


def claim(message_ids: Sequence[int], *asked: Told) -> tuple[list[InboundMessage], list[Rows]]:
    """Lock open messages whose turn it is, in order of receipt. Call inside a transaction.

    A batch waits for no row that another worker holds; a batch of one waits for its own. Who comes behind a
    quarantine queues there. Returned with the answers to what is asked in the same round trip.
    """
    ids = list(message_ids)
    if len(ids) == 1:
        rows, behind, *answers = fetch_all((_CLAIM, (ids,)), (_BEHIND, (ids,) * 4), *asked)
    else:
        rows, *answers = fetch_all((f"{_CLAIM} SKIP LOCKED", (ids,)), *asked)
        held = [row[0] for row in rows]
        behind = fetch(_BEHIND, held, held, held, held) if held else []
    claimed = [instance(InboundMessage, row) for row in rows]
    return (_first_in_turn(claimed, dict(behind)) if claimed and behind else claimed), answers


def _first_in_turn(claimed: Sequence[InboundMessage], behind: dict[int, bool]) -> list[InboundMessage]:
    """Those of the claimed messages that wait for no other one, `behind` left out: who is behind what, and how."""
    if queued := [pk for pk, quarantined in behind.items() if quarantined]:
        fetch(_QUEUE, queued)
    waiting = {message.order_key for message in claimed if message.pk in behind}
    return [message for message in claimed if message.order_key not in waiting]
