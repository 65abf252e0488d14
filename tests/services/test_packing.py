"""Decision documents are stored short, and whatever was stored can be read."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import orjson

import mpi.packing
from matching.decide import Person, decide
from matching.join import Member
from matching.model_document import load_default
from mpi.packing import packed, unpacked
from tests.matching.people import town

_WORDS = Path(mpi.packing.__file__).with_name("decision_words.txt")
_DIGEST = "b97dd59a096d6e9fcd404439b4a990cd20718f7794b20921afabc8edd0579469"


def _documents() -> list[bytes]:
    model, told = load_default(), []
    records = [Member(number, record) for number, record in enumerate(town(60, seed=3)[0].values())]
    for place, subject in enumerate(records[1:], start=1):
        near = [Person(other.record_id, (other,)) for other in records[:place][-3:]]
        told.append(orjson.dumps(decide(subject, near, model).to_document({})))
    return told


def test_the_words_that_stored_decisions_are_read_with_never_change() -> None:
    assert hashlib.sha256(_WORDS.read_bytes()).hexdigest() == _DIGEST


def test_a_document_is_read_as_it_was_and_takes_a_fraction_of_its_length() -> None:
    documents = _documents()
    assert [unpacked(packed(document)) for document in documents] == documents
    # No word foretells the hash of a later model: half of what is left of a short document.
    assert sum(map(len, map(packed, documents))) < 0.4 * sum(map(len, documents))


def test_a_document_that_was_compressed_without_the_words_is_read() -> None:
    (document, *_) = _documents()
    assert unpacked(zlib.compress(document)) == document
