from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.postprocessing import front_matter


def read(text):
    head, values, rest = text.split("---\n")
    assert (head, rest) == ("", "\n")
    return yaml.safe_load(values)


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


@given(st.fixed_dictionaries({}, optional={"title": TEXTS, "author": TEXTS, "date": TEXTS}))
def test_a_yaml_reader_reads_any_values_back(values):
    text = front_matter.write({"url": "https://example.org/", **values})
    assert text.count("\n") == len(values) + 4
    head, rest = text[4:].split("\n---\n\n")
    assert rest == ""
    assert yaml.safe_load(head) == {"url": "https://example.org/", **values}


def test_values_stay_texts_whatever_they_look_like():
    values = {"title": "yes", "url": "null", "author": "12:30", "date": "2026-01-02"}
    assert read(front_matter.write(values)) == values


def test_only_what_is_known_is_written():
    assert read(front_matter.write({"title": None, "url": "https://example.org/", "author": ""})) == {
        "url": "https://example.org/"
    }
    assert front_matter.write({"title": None}) == ""


def test_half_a_character_does_not_break_it():
    assert read(front_matter.write({"title": "a\ud83d"})) == {"title": "a\ufffd"}
