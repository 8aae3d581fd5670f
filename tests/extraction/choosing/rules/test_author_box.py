from __future__ import annotations

import pytest
from tests.extraction.chosen import read

from pagemill.extraction.choosing.rules import author_box


def _kept(markup: str, names: list[str]) -> list[str]:
    flat, selected, words, texts = read(f"<p><mark>Text.</mark></p>{markup}")
    result = author_box.remove(flat, selected, words, names)
    return [text for text, is_in in zip(texts, result, strict=True) if is_in]


@pytest.mark.parametrize(
    ("label", "names"),
    [("About <b>Femi Adeyemi</b>", ["by Femi Adeyemi"]), ("About the author", []), ("Über die Autorin", [])],
)
def test_a_box_about_the_author_is_no_content(label, names):
    assert _kept(f"<div><p>{label}</p><p><mark>Has taught since 2009.</mark></p></div>", names) == ["Text."]


@pytest.mark.parametrize("name", ["Femi Adeyemi", "Ann Salter"])
def test_a_section_about_something_else_stays(name):
    section = "<section><h2><mark>About salt</mark></h2><p><mark>It dissolves.</mark></p></section>"
    assert _kept(section, [f"by {name}"]) == ["Text.", "About salt", "It dissolves."]


@pytest.mark.parametrize(
    ("markup", "count"),
    [
        (f"<section><p>About the author</p><p><mark>{'word ' * 90}</mark></p></section>", 1),
        ("<section><p><mark>One.</mark></p><p>About the author</p><p><mark>Two.</mark></p></section>", 2),
    ],
)
def test_a_long_text_about_the_author_and_one_within_other_text_stay(markup, count):
    assert len(_kept(markup, [])) == 1 + count
