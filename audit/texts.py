"""Values as PostgreSQL takes them: a NUL, or half a surrogate pair, in hostile input becomes U+FFFD."""

from collections.abc import Mapping

import orjson


def json_text(value: object) -> str:
    """JSON that PostgreSQL takes."""
    try:
        text = orjson.dumps(value, default=_plain).decode()
    except TypeError:  # half a surrogate pair, or an integer over 64 bits
        return orjson.dumps(clean(value), default=_plain).decode()
    return orjson.dumps(clean(value), default=_plain).decode() if "\\u0000" in text else text


def _plain(value: object) -> object:
    """What orjson cannot write by itself, as something it can."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value)


def clean(value: object) -> object:
    """The same value with texts that PostgreSQL takes, at any depth."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(str(key)): clean(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(inner) for inner in value]
    if isinstance(value, int) and value.bit_length() > 63:
        return str(value)
    return value


def clean_text(text: str) -> str:
    """One such text."""
    if text.isascii():
        return text.replace("\x00", "\ufffd") if "\x00" in text else text
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
