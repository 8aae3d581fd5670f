"""docs/structured-json.md tells of every field and every reason of failure."""

from __future__ import annotations

import re

from pagemill.api.wire.answer_shapes import GeneratedJson
from pagemill.errors import StructuringError
from pagemill.structuring.generated_json import Source
from pagemill.structuring.markup import overview
from pagemill.structuring.summary import SummarySource
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "structured-json.md").read_text()
ROWS = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))


def codes(of: type[StructuringError]) -> set[str]:
    return {of.code}.union(*(codes(subclass) for subclass in of.__subclasses__()))


def test_every_field_is_told_of():
    assert set(GeneratedJson.__annotations__) <= ROWS
    assert set(overview.SCHEMA["properties"]) <= ROWS


def test_every_source_and_reason_is_told_of():
    told = set(re.findall(r"`(\w+)`", TEXT))
    assert {source.value for source in (*Source, *SummarySource)} <= told
    assert codes(StructuringError) <= told


def test_six_servers_at_least_are_shown():
    assert len(re.findall(r"^\| [^|]+ \| `https?://[^|]+` \|", TEXT, re.MULTILINE)) >= 6
