"""Standing separations among records of which some may not be matched now."""

from __future__ import annotations

from collections.abc import Callable, Collection

from matching.join import Separations, separation


def widened(separated: Separations, standing_for: Callable[[int], Collection[int]]) -> Separations:
    """Separations with every record replaced by those that stand for it: what was said of one that may not be matched
    now, a quarantined one, holds for its whole person, on both sides of a pair.
    """
    sides = ((low, high, standing_for(low), standing_for(high)) for low, high in separated)
    wide = {separation(one, other) for _, _, lows, highs in sides for one in lows for other in highs if one != other}
    return frozenset(wide | separated)
