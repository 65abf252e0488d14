"""The walk of a verification along the sealed entries: pure, one pass, memory bounded by one checkpoint's entries.

The tree is grown from the *stored* leaves and compared with kept nodes and checkpoints, and each stored leaf with
the event it stands for. So an edited event is named by itself, while the tree around it still proves the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from audit.findings import LISTED, FindingList
from audit.merkle import Frontier, NodeKey, Range, is_stored

_RANGE_LIMIT = 50_000  # entries held to find reordered ones; more than any batch that the sealer is called with


@dataclass(frozen=True, slots=True)
class Entry:
    """A sealed entry, and what its event says today: `true_leaf` is None when the event's row is gone."""

    seq: int
    event: int
    event_id: str
    stored_leaf: bytes
    true_leaf: bytes | None
    true_event_id: str | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed root: what the log was when it had `size` entries."""

    size: int
    root: bytes


class LogWalk:
    """Feed it the entries in ascending order with `advance`, then call `finish` once."""

    def __init__(self, findings: FindingList, published: Iterator[Anchor]) -> None:
        """`published`: the anchors kept outside the database, ascending by size."""
        self.checked = 0
        self.published_checked = 0
        self._findings = findings
        self._frontier = Frontier()
        self._published = published
        self._next_published = next(published, None)
        self._suspects: list[Entry] = []
        self._since_anchor: list[Entry] = []
        self._bad_blocks: list[Range] = []  # blocks that are not what the kept nodes say, until an anchor decides
        self._anchored = 0  # size of the last checkpoint met in the database
        self._broken_until = 0  # everything before this may be wrong for a reason that is already a finding
        self._root_reported = False

    @property
    def size(self) -> int:
        """How many positions of the log were walked."""
        return self._frontier.size

    def advance(
        self, entries: Sequence[Entry], anchors: Mapping[int, Anchor], stored_nodes: Mapping[NodeKey, bytes]
    ) -> None:
        """Walk on. `anchors`: checkpoints in the database; `stored_nodes`: kept nodes that these entries complete."""
        for entry in entries:
            if entry.seq > self.size:
                self._skip_removed(entry.seq)
            self._check_leaf(entry)
            for key, digest in self._frontier.append(entry.stored_leaf):
                if is_stored(key) and stored_nodes.get(key) != digest:
                    self._note_block(key)
            if len(self._since_anchor) < _RANGE_LIMIT:
                self._since_anchor.append(entry)
            self._check_anchors(anchors.get(self.size))

    def finish(self, beyond: Mapping[int, Anchor]) -> None:
        """Name what only the end shows. `beyond`: checkpoints of the database over more entries than there are."""
        self._name_suspects()
        if self._bad_blocks:
            self._name_rewritten()
        if self._anchored < self.size:
            words = f"The entries from {self._anchored} on are covered by no signed checkpoint."
            self._findings.add("signature", words, seq=self._anchored)
        highest, where = max(beyond, default=0), "signed"
        while self._next_published:
            if self._next_published.size > highest:
                highest, where = self._next_published.size, "published"
            self._take_published()
        if highest > self.size:
            words = (
                f"The entries {self.size} to {highest - 1} were cut from the end: "
                f"a checkpoint of {highest} entries was {where}."
            )
            self._findings.add("truncated", words, seq=self.size)

    def _skip_removed(self, until: int) -> None:
        """Positions without an entry. The tree goes on with unknown hashes: later blocks can still be checked."""
        for seq in range(self.size, min(until, self.size + LISTED)):
            self._findings.add("removed", f"The sealed entry {seq} was removed.", seq=seq)
        self._findings.total += max(0, until - self.size - LISTED)
        self._frontier = Frontier(until, [bytes(32)] * until.bit_count())
        self._broken_until = until

    def _check_leaf(self, entry: Entry) -> None:
        self.checked += 1
        if entry.true_leaf is None:
            words = f"The event of entry {entry.seq} was removed."
            self._findings.add("removed", words, seq=entry.seq, event_id=entry.event_id)
        elif entry.true_leaf != entry.stored_leaf and len(self._suspects) < LISTED:
            self._suspects.append(entry)
        elif entry.true_leaf != entry.stored_leaf:
            self._name_edited(entry)
        elif entry.true_event_id != entry.event_id:
            words = f"Entry {entry.seq} names another event than the one it seals."
            self._findings.add("edited", words, seq=entry.seq, event_id=entry.true_event_id)

    def _note_block(self, key: NodeKey) -> None:
        """A kept node differs from the entries below it. A larger one over it says nothing new."""
        block = Range(key.position << key.level, (key.position + 1) << key.level)
        if self._broken_until <= block.low and len(self._bad_blocks) < LISTED:
            self._bad_blocks.append(block)
        self._broken_until = max(self._broken_until, block.high)

    def _check_anchors(self, signed: Anchor | None) -> None:
        root = self._frontier.root() if signed or self._published_here() else b""
        if signed:
            self._decide(signed.root == root, "signed")
            self._anchored = self.size
        if self._published_here() and self._next_published:
            if not signed:
                words = f"The checkpoint of {self.size} entries was removed from the database."
                self._findings.add("removed", words, seq=self.size)
            self._decide(self._next_published.root == root, "published")
            self._take_published()

    def _published_here(self) -> bool:
        while self._next_published and self._next_published.size < self.size:
            self._take_published()  # within positions that were removed
        return self._next_published is not None and self._next_published.size == self.size

    def _take_published(self) -> None:
        self.published_checked += 1
        self._next_published = next(self._published, None)

    def _decide(self, agrees: bool, where: str) -> None:
        """An anchor says whether the entries or the kept nodes are wrong."""
        if agrees:
            for block in self._bad_blocks:
                words = f"The stored tree over the entries {_span(block)} was altered; the entries are intact."
                self._findings.add("edited", words, seq=block.low)
            self._broken_until = 0
        elif self._bad_blocks:
            self._name_rewritten()
        elif not self._broken_until and not self._root_reported:
            self._root_reported = True
            if not self._name_reordered():
                span = _span(Range(self._anchored, self.size)) if where == "signed" else f"up to {self.size - 1}"
                words = f"The entries {span} are not those of the {where} checkpoint of {self.size}."
                self._findings.add("forked", words, seq=self._anchored if where == "signed" else self.size - 1)
        self._bad_blocks = []
        self._since_anchor = []

    def _name_rewritten(self) -> None:
        """Entries whose leaf was changed together with the event: named to the block, or by their order."""
        moved = self._name_reordered()
        for block in self._bad_blocks:
            if not any(block.low <= seq < block.high for seq in moved):
                words = f"Among the entries {_span(block)} an event was rewritten together with its seal."
                self._findings.add("edited", words, seq=block.low)

    def _name_reordered(self) -> list[int]:
        """Positions whose entry is out of place: the sealer orders each batch by the events' row numbers."""
        held = self._since_anchor
        moved = [(now, due) for now, due in zip(held, sorted(held, key=_row_of), strict=True) if now is not due]
        for now, _ in moved:
            words = f"Entry {now.seq} is out of the order in which its batch was sealed."
            self._findings.add("reordered", words, seq=now.seq, event_id=now.event_id)
        return [now.seq for now, _ in moved]

    def _name_suspects(self) -> None:
        """Events that do not have their entry's leaf: exchanged with another entry's, or edited."""
        places = {entry.stored_leaf: entry.seq for entry in self._suspects}
        for entry in self._suspects:
            place = places.get(entry.true_leaf or b"")
            if place is None:
                self._name_edited(entry)
            else:
                words = f"Entry {entry.seq} now holds the event that was sealed as entry {place}."
                self._findings.add("reordered", words, seq=entry.seq, event_id=entry.true_event_id)

    def _name_edited(self, entry: Entry) -> None:
        words = f"The event of entry {entry.seq} is not as it was sealed."
        self._findings.add("edited", words, seq=entry.seq, event_id=entry.event_id)


def _row_of(entry: Entry) -> int:
    return entry.event


def _span(block: Range) -> str:
    return f"{block.low} to {block.high - 1}"
