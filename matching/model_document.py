"""A linkage model as a JSON document, and back: what is stored, approved, shipped and shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from importlib import resources
from typing import cast

from matching.model import (
    Comparison,
    InvalidModel,
    Level,
    LinkageModel,
    Origin,
    PolicyMode,
    PolicySettings,
    TermFrequencies,
    Thresholds,
)
from matching.standardise import ExcessiveValues

FORMAT = 1
"""Format of the document; a change that old readers cannot understand raises it."""
DEFAULT_MODEL = "model-default.json"
"""File in `matching/data` that a fresh index starts with."""

Document = Mapping[str, object]


def to_document(model: LinkageModel) -> dict[str, object]:
    """Plain JSON of the model with its content hash."""
    body = _body(model)
    return {**body, "content_hash": hash_of(body)}


def _body(model: LinkageModel) -> dict[str, object]:
    return {
        "format": FORMAT,
        "version": model.version,
        "author": model.author,
        "justification": model.justification,
        "prior": {"probability": model.prior, "records": model.prior_records},
        "thresholds": asdict(model.thresholds),
        "policy": asdict(model.policy),
        "comparisons": [_comparison_document(comparison) for comparison in model.comparisons],
        "term_frequencies": {
            "given": _frequency_document(model.given_frequencies),
            "family": _frequency_document(model.family_frequencies),
        },
        "excessive": {
            "ssns": sorted(model.excessive.ssns),
            "phones": sorted(model.excessive.phones),
            "emails": sorted(model.excessive.emails),
        },
        "training": dict(model.training),
        "evaluation": dict(model.evaluation),
    }


def _comparison_document(comparison: Comparison) -> dict[str, object]:
    levels = [asdict(level) for level in comparison.levels]
    return {"name": comparison.name, "title": comparison.title, "levels": levels}


def _frequency_document(table: TermFrequencies) -> dict[str, object]:
    return {"average_u": table.average_u, "default": table.default, "values": dict(table.values)}


def hash_of(body: Document) -> str:
    """SHA-256 in hexadecimal over canonical JSON (sorted keys, no spaces) without `content_hash`."""
    plain = {key: value for key, value in body.items() if key != "content_hash"}
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def with_hash(model: LinkageModel) -> LinkageModel:
    """The same model carrying the hash of its own content."""
    return replace(model, content_hash=hash_of(_body(model)))


def from_document(document: Document) -> LinkageModel:
    """Read and check a document. Raises InvalidModel with the reason; a hash, where given, must be true."""
    if document.get("format") != FORMAT:
        raise InvalidModel(f"The model document is not of format {FORMAT}.")
    try:
        model = _read(document)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InvalidModel):
            raise
        raise InvalidModel(f"The model document cannot be read: {type(error).__name__} {error}.") from error
    stated = document.get("content_hash")
    if stated is not None and stated != model.content_hash:
        raise InvalidModel("The content hash does not fit the document: it was changed after it was written.")
    return model


def _read(document: Document) -> LinkageModel:
    prior = _mapping(document["prior"])
    tables = _mapping(document["term_frequencies"])
    model = LinkageModel(
        version=str(document["version"]),
        comparisons=tuple(_read_comparison(_mapping(item)) for item in _list(document["comparisons"])),
        given_frequencies=_read_frequencies(_mapping(tables["given"])),
        family_frequencies=_read_frequencies(_mapping(tables["family"])),
        prior=_number(prior["probability"]),
        prior_records=int(_number(prior["records"])),
        thresholds=_read_thresholds(_mapping(document["thresholds"])),
        policy=_read_policy(_mapping(document["policy"])),
        excessive=_read_excessive(_mapping(document["excessive"])),
        author=str(document.get("author", "")),
        justification=str(document.get("justification", "")),
        training=dict(_mapping(document.get("training", {}))),
        evaluation=dict(_mapping(document.get("evaluation", {}))),
    )
    return with_hash(model)


def _read_comparison(item: Document) -> Comparison:
    levels = tuple(
        Level(
            name=str(level["name"]),
            m=_number(level["m"]),
            u=_number(level["u"]),
            words=str(level["words"]),
            origin=cast(Origin, str(level.get("origin", "hand"))),
        )
        for level in map(_mapping, _list(item["levels"]))
    )
    return Comparison(name=str(item["name"]), title=str(item["title"]), levels=levels)


def _read_frequencies(item: Document) -> TermFrequencies:
    values = {str(value): _number(share) for value, share in _mapping(item["values"]).items()}
    return TermFrequencies(values=values, default=_number(item["default"]), average_u=_number(item["average_u"]))


def _read_thresholds(item: Document) -> Thresholds:
    return Thresholds(automatic=_number(item["automatic"]), review=_number(item["review"]))


def _read_policy(item: Document) -> PolicySettings:
    return PolicySettings(
        mode=cast(PolicyMode, str(item["mode"])),
        population=int(_number(item["population"])),
        birth_dates=int(_number(item["birth_dates"])),
        namesake_bits=_number(item["namesake_bits"]),
        floor_bits=_number(item["floor_bits"]),
    )


def _read_excessive(item: Document) -> ExcessiveValues:
    ssns, phones, emails = (frozenset(map(str, _list(item[kind]))) for kind in ("ssns", "phones", "emails"))
    return ExcessiveValues(ssns=ssns, phones=phones, emails=emails)


def _mapping(value: object) -> Document:
    if not isinstance(value, Mapping):
        raise InvalidModel("The model document holds something else where an object belongs.")
    return cast(Document, value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidModel("The model document holds something else where a list belongs.")
    return cast(list[object], value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidModel("The model document holds something else where a number belongs.")
    return float(value)


@lru_cache(maxsize=1)
def load_default() -> LinkageModel:
    """The shipped model, read once a process. Raises InvalidModel if the file was tampered with."""
    text = resources.files("matching").joinpath("data", DEFAULT_MODEL).read_text(encoding="utf-8")
    return from_document(_mapping(json.loads(text)))
