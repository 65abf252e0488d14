"""Relations between single names that need a table: nickname forms and sound.

Every function is pure and cached by name; names are the standard form (A-Z and single spaces).
"""

from __future__ import annotations

from functools import lru_cache

import jellyfish
from nicknames import NickNamer

_NICKNAMES = NickNamer()

_NOT_NICKNAMES = frozenset({"EMMA", "ANNA", "JULIA", "MARIA", "MARIE", "ELLA", "ELLEN", "HELEN", "LAURA", "LAUREN"})
"""Names listed as nicknames of another that parents give as names of their own (Emma and Emily may be sisters)."""


@lru_cache(maxsize=65_536)
def nickname_forms(given: str) -> frozenset[str]:
    """The name itself and the full names it is a nickname of, in capitals.

    One of two names is a nickname of the other when it is among its forms or the other way round; two names
    that merely share a nickname or a full name (EMMA and EMILY, LISA and BETH) are different names.
    The table lists many pairs both ways (BILL under WILLIAM and WILLIAM under BILL): the fuller
    name is the one with more nicknames.
    """
    if not given:
        return frozenset()
    if given in _NOT_NICKNAMES:
        return frozenset((given,))
    breadth = _breadth(given.lower())
    fuller = [form.upper() for form in _NICKNAMES.canonicals_of(given.lower()) if _breadth(form) > breadth]
    return frozenset((given, *fuller))


@lru_cache(maxsize=65_536)
def _breadth(name: str) -> int:
    """How many nicknames a name has in the table."""
    return len(_NICKNAMES.nicknames_of(name))


@lru_cache(maxsize=65_536)
def sound(name: str) -> str:
    """Metaphone of a name; "" for a name without letters."""
    return str(jellyfish.metaphone(name)) if name else ""
