"""A linkage model as a JSON document, and back: what is stored, approved, shipped and shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from importlib import resources
from typing import cast, get_args

from matching.calibration import IDENTITY, Calibration
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
from matching.model_reading import Node, parse
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
    # Documents from before there was a calibration keep their hash.
    calibration = {} if model.calibration == IDENTITY else {"calibration": _calibration_document(model.calibration)}
    return {
        "format": FORMAT,
        "version": model.version,
        "author": model.author,
        "justification": model.justification,
        "prior": {"probability": model.prior, "records": model.prior_records},
        "thresholds": asdict(model.thresholds),
        "policy": asdict(model.policy),
        **calibration,
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


def from_text(text: str) -> LinkageModel:
    """Read and check a document as JSON text. Raises InvalidModel with the reason and the place."""
    return from_document(parse(text))


def from_document(document: Document) -> LinkageModel:
    """Read and check a document. Raises InvalidModel with reason and place; a hash, where given, must be true."""
    if document.get("format") != FORMAT:
        raise InvalidModel(f"The model document is not of format {FORMAT}.", "format")
    try:
        model = _read(Node(document))
    except RecursionError as error:
        raise InvalidModel("The document is nested too deeply.") from error
    stated = document.get("content_hash")
    if stated is not None and stated != model.content_hash:
        raise InvalidModel(
            "The content hash does not fit the document: it was changed after it was written.", "content_hash"
        )
    return model


def _read(document: Node) -> LinkageModel:
    document.only(*_KEYS)
    prior = document.member("prior").only("probability", "records")
    tables = document.member("term_frequencies").only("given", "family")
    model = LinkageModel(
        version=document.member("version").text(),
        comparisons=tuple(_read_comparison(item) for item in document.member("comparisons").elements("name")),
        given_frequencies=_read_frequencies(tables.member("given")),
        family_frequencies=_read_frequencies(tables.member("family")),
        prior=prior.member("probability").number(),
        prior_records=prior.member("records").whole(),
        thresholds=_read_thresholds(document.member("thresholds")),
        policy=_read_policy(document.member("policy")),
        calibration=read_calibration(document.member("calibration")) if document.has("calibration") else IDENTITY,
        excessive=_read_excessive(document.member("excessive")),
        author=document.member("author").text() if document.has("author") else "",
        justification=document.member("justification").text() if document.has("justification") else "",
        training=document.member("training").plain() if document.has("training") else {},
        evaluation=document.member("evaluation").plain() if document.has("evaluation") else {},
    )
    return with_hash(model)


_KEYS = (
    "format",
    "version",
    "author",
    "justification",
    "prior",
    "thresholds",
    "policy",
    "calibration",
    "comparisons",
    "term_frequencies",
    "excessive",
    "training",
    "evaluation",
    "content_hash",
)


def _read_comparison(item: Node) -> Comparison:
    item.only("name", "title", "levels")
    listed = Node(item.member("levels").value, item.place)  # “comparisons/given/exact” says enough
    levels = tuple(_read_level(level) for level in listed.elements("name"))
    return Comparison(name=item.member("name").text(), title=item.member("title").text(), levels=levels)


def _read_level(level: Node) -> Level:
    level.only("name", "m", "u", "words", "origin")
    origin = level.member("origin").text() if level.has("origin") else "hand"
    if origin not in get_args(Origin):
        raise InvalidModel(f"The origin of a level is one of {', '.join(get_args(Origin))}.", f"{level.place}/origin")
    return Level(
        name=level.member("name").text(),
        m=level.member("m").number(),
        u=level.member("u").number(),
        words=level.member("words").text(),
        origin=cast(Origin, origin),
    )


def _read_frequencies(item: Node) -> TermFrequencies:
    item.only("average_u", "default", "values")
    values = {value: share.number() for value, share in item.member("values").pairs()}
    return TermFrequencies(
        values=values, default=item.member("default").number(), average_u=item.member("average_u").number()
    )


def _read_thresholds(item: Node) -> Thresholds:
    item.only("automatic", "review")
    return Thresholds(automatic=item.member("automatic").number(), review=item.member("review").number())


def _read_policy(item: Node) -> PolicySettings:
    item.only("mode", "population", "birth_dates", "namesake_bits", "floor_bits")
    return PolicySettings(
        mode=cast(PolicyMode, item.member("mode").text()),
        population=item.member("population").whole(),
        birth_dates=item.member("birth_dates").whole(),
        namesake_bits=item.member("namesake_bits").number(),
        floor_bits=item.member("floor_bits").number(),
    )


def _calibration_document(calibration: Calibration) -> dict[str, object]:
    body: dict[str, object] = asdict(calibration)
    corners = [list(corner) for corner in calibration.corners]
    return body | {"corners": corners} if corners else {key: body[key] for key in body if key != "corners"}


def read_calibration(item: Node) -> Calibration:
    """The member `calibration` of a document. Raises InvalidModel."""
    item.only("offset", "slope", "fitted_on", "pairs", "corners")
    return Calibration(
        offset=item.member("offset").number(),
        slope=item.member("slope").number(),
        fitted_on=item.member("fitted_on").text() if item.has("fitted_on") else "",
        pairs=item.member("pairs").whole() if item.has("pairs") else 0,
        corners=tuple(map(_read_corner, item.member("corners").elements())) if item.has("corners") else (),
    )


def _read_corner(item: Node) -> tuple[float, float]:
    numbers = [number.number() for number in item.elements()]
    if len(numbers) != 2:
        raise InvalidModel("A corner of the calibration is a total and the bits stated there.", item.place)
    return numbers[0], numbers[1]


def _read_excessive(item: Node) -> ExcessiveValues:
    item.only("ssns", "phones", "emails")
    ssns, phones, emails = (
        frozenset(value.text() for value in item.member(kind).elements()) for kind in ("ssns", "phones", "emails")
    )
    return ExcessiveValues(ssns=ssns, phones=phones, emails=emails)


@lru_cache(maxsize=1)
def load_default() -> LinkageModel:
    """The shipped model, read once a process. Raises InvalidModel if the file was tampered with."""
    return from_text(resources.files("matching").joinpath("data", DEFAULT_MODEL).read_text(encoding="utf-8"))
