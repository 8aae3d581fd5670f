"""Discussions that tell themselves by schema.org's microdata, whatever software wrote them."""

from __future__ import annotations

from pagemill.extraction import extract
from tests.extraction.discussions.pages import page

LONG = "A loaf of rye keeps for a week, because its starch holds the water. " * 8


def _markdown(body: str) -> str:
    return extract(f"<html><body>{body}</body></html>".encode(), "https://example.org/").markdown


def test_a_question_and_its_answers():
    assert (
        _markdown(page("schema_question"))
        == """# Can I freeze rye?

---

**alice** · 2024-05-03

I bake once a month.

---

**bob** · yesterday · 2 votes

Yes, sliced.

---

**carol** · accepted

Yes, whole.
"""
    )


def test_a_discussion():
    assert (
        _markdown(page("schema_discussion"))
        == "# Rye\n\n---\n\n**alice**\n\nI bake once a month.\n\n---\n\n**bob**\n\nSo do I.\n"
    )


def test_readers_comments_below_an_article_are_no_discussion():
    assert "keeps for a week" in _markdown(page("schema_article").format(LONG))
    assert "---" not in _markdown(page("schema_article").format(LONG))


def test_frequently_asked_questions_are_no_discussion():
    assert "---" not in _markdown(page("schema_faq"))


def test_without_the_text_of_its_first_post_it_is_no_discussion():
    html = page("schema_discussion").replace(
        '<div itemprop="text">I bake', '<meta itemprop="text" content="x"><div>I bake'
    )
    assert "---" not in _markdown(html)
