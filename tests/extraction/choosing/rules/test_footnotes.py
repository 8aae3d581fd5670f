from __future__ import annotations

import pytest
from tests.extraction.chosen import kept

from pagemill.extraction.choosing.rules import footnotes


def _select(flat, selected, words):
    return footnotes.select(flat, selected, words)


@pytest.mark.parametrize(
    "note",
    [
        '<aside class="footnote" id="n1" role="doc-footnote"><p>The limit.</p></aside>',
        '<div class="footnotes"><ol><li id="n1"><p>The limit.</p></ol></div>',
        '<div class="footnote"><a id="n1" href="#r1">1</a><p>The limit.</p></div>',
    ],
)
def test_a_footnote_belongs_to_the_text_that_refers_to_it(note):
    text = '<p><mark>Refused.<sup><a href="#n1">1</a></sup></mark></p>'
    assert "The limit." in kept(_select, f"{text}{note}")
    assert kept(_select, f"<p><mark>Refused.</mark></p>{note}") == ["Refused."]


def test_a_long_list_of_references_is_left_to_the_model():
    text = '<p><mark>Refused.<sup><a href="#n1">1</a></sup></mark></p>'
    note = f'<div class="footnotes"><ol><li id="n1"><p>{"word " * 300}</p></ol></div>'
    assert kept(_select, f"{text}{note}") == ["Refused.1"]


def test_a_role_alone_makes_a_footnote_but_no_link_of_text_that_is_not_chosen():
    note = '<aside id="n1" role="doc-footnote"><p>The limit.</p></aside>'
    link = 'Refused.<sup><a href="#n1">1</a></sup>'
    assert kept(_select, f"<p><mark>{link}</mark></p>{note}") == ["Refused.1", "The limit."]
    assert kept(_select, f"<p><mark>Text.</mark></p><p>{link}</p>{note}") == ["Text."]
