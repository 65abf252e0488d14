"""From JSON records of the REST doors to a PatientRecord: the flat names, and repeated values besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from matching.records import Address, Identifier, Name, PatientRecord, Telecom
from mpi.errors import Flaw, InvalidInput
from mpi.mapping import FLAT_FIELDS, OPTIONAL_FIELDS, Mapped, doubts_about, strict_record_from_flat, text_flaws

_REPEATED: dict[str, type] = {"names": Name, "addresses": Address, "telecoms": Telecom, "identifiers": Identifier}
_RICH_FIELDS = ("deceased_date", "mothers_maiden_name", "facility", "registrar")
_MOST_VALUES = 50


def record_from_json(
    document: Mapping[str, object], *, system: str = "", mrn: str = "", needs_number: bool = True
) -> Mapped:
    """Map a JSON record: the flat names, and the repeated values of `matching.records` beside or instead of them.

    `system` and `mrn` are those of the path and must agree with the document's. With `needs_number`
    False (a match request) both may be absent. Raises InvalidInput with all flaws, doubts included.
    """
    flaws = _json_flaws(document)
    for key, value in (("source_system", system), ("mrn", mrn)):
        if value and document.get(key, value) != value:
            flaws.append(Flaw(key, "differs from the one in the address", "send the same, or leave it out"))
    if flaws:
        raise InvalidInput("The record cannot be used.", flaws=flaws)
    flat = {key: str(value) for key, value in document.items() if key in FLAT_FIELDS + OPTIONAL_FIELDS and value}
    flat |= {"source_system": system or flat.get("source_system", ""), "mrn": mrn or flat.get("mrn", "")}
    if not needs_number:
        flat = {"source_system": "-", "mrn": "-"} | {key: value for key, value in flat.items() if value}
    repeated = {
        key: tuple(kind(**part) for part in document[key])  # type: ignore[attr-defined]  # checked by _json_flaws
        for key, kind in _REPEATED.items()
        if document.get(key)
    }
    if repeated.get("names") and not (flat.get("given_name") or flat.get("family_name")):
        first = repeated["names"][0]
        flat |= {"given_name": first.given or first.text, "family_name": first.family}
        return _combined(strict_record_from_flat(flat), repeated, document, replace_name=True)
    return _combined(strict_record_from_flat(flat), repeated, document, replace_name=False)


def _combined(
    mapped: Mapped, repeated: Mapping[str, tuple[object, ...]], document: Mapping[str, object], *, replace_name: bool
) -> Mapped:
    values = {field.name: getattr(mapped.record, field.name) for field in fields(PatientRecord)}
    if replace_name:
        values["names"] = ()
    for key, parts in repeated.items():
        values[key] = (*values[key], *parts)
    values |= {key: document[key] for key in _RICH_FIELDS if document.get(key)}
    values |= {key: document[key] for key in ("multiple_birth", "birth_order") if document.get(key) is not None}
    record = PatientRecord(**values)
    if doubts := doubts_about(record):
        raise InvalidInput("A value of the record cannot be true.", flaws=doubts)
    return Mapped(record, mapped.source_time, ())


def _json_flaws(document: Mapping[str, object]) -> list[Flaw]:
    flaws = []
    plain = FLAT_FIELDS + OPTIONAL_FIELDS + _RICH_FIELDS
    for key, value in document.items():
        if key in _REPEATED:
            flaws += _repeated_flaws(key, value)
        elif key == "multiple_birth":
            flaws += [] if isinstance(value, bool | None) else [Flaw(key, "is not true or false", "send true or false")]
        elif key == "birth_order":
            good = value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 < value < 20)
            flaws += [] if good else [Flaw(key, "is not a small whole number", "send 1, 2, ...")]
        elif key not in plain:
            flaws.append(Flaw(key, "is not a field of a record", f"the fields are {', '.join((*plain, *_REPEATED))}"))
        elif not isinstance(value, str | None):
            flaws.append(Flaw(key, "is not a text", "send it as a JSON string"))
        elif isinstance(value, str):
            flaws += text_flaws(key, value)
    return flaws


def _repeated_flaws(key: str, value: object) -> list[Flaw]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MOST_VALUES:
        return [Flaw(key, f"is not a list of at most {_MOST_VALUES} values", "send a JSON array of objects")]
    known = {field.name for field in fields(_REPEATED[key])}
    needed = {"telecoms": {"kind", "value"}, "identifiers": {"authority", "value"}}.get(key, set())
    flaws = []
    for index, part in enumerate(value):
        path = f"{key}[{index}]"
        if not isinstance(part, dict) or not all(isinstance(text, str) for text in part.values()):
            flaws.append(Flaw(path, "is not an object of texts", f"its fields are {', '.join(sorted(known))}"))
            continue
        flaws += [
            Flaw(f"{path}.{name}", "is not known", f"use {', '.join(sorted(known))}") for name in part.keys() - known
        ]
        flaws += [Flaw(f"{path}.{name}", "is missing", "give it") for name in sorted(needed - part.keys())]
        flaws += [flaw for name, text in part.items() for flaw in text_flaws(f"{path}.{name}", text)]
        if key == "telecoms" and part.get("kind") not in {"phone", "email"}:
            flaws.append(Flaw(f"{path}.kind", "is not known", "use phone or email"))
    return flaws
