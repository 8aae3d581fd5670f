"""Communities, in the markup that they serve. The golden pages hold the most common ones."""

from __future__ import annotations

import pytest

from pagemill.extraction import extract
from tests.extraction.discussions.pages import page


@pytest.mark.parametrize(
    ("name", "first", "second", "quoted"),
    [
        ("discourse", "3 May", "4 May · accepted", "alice:"),
        ("github_react", "3 May", "4 May", ""),
        ("lemmy", "3 May · 5 Upvotes", "4 May · 2 Upvotes", ""),
        ("nodebb", "2024-05-03 · 5 votes", "2024-05-04 · 2 votes", ""),
        ("flarum", "3 May", "4 May", ""),
        ("vanilla", "3 May", "4 May", ""),
    ],
)
def test_a_community_gives_its_posts(name: str, first: str, second: str, quoted: str):
    html = f"<html><body><ul><li><a href=/>Home</a></li></ul>{page(name)}<div>Related topics</div></body></html>"
    expected = f"""# Why does my dough tear

---

**alice** · {first}

It tears as soon as I fold it. The flour is new, the water cold.

---

**bob** · {second}

{f"> {quoted}" + chr(10) + ">" + chr(10) if quoted else ""}> the water cold

Give it half an hour of rest.
"""
    assert extract(html.encode(), "https://example.org/t/1").markdown == expected


def test_comments_of_a_question_site_follow_what_they_comment_on():
    html = page("stack_exchange_comments")
    lines = extract(html.encode(), "https://example.org/q/1").markdown.split("\n\n")
    assert lines[0] == "# How long shall I knead?"
    assert lines[2::3] == [
        "**alice** · May 3, 2024 · 3 votes",
        "**carol** · May 3, 2024 at 11:00 · 2 votes",
        "**bob** · May 4, 2024 · -1 vote · accepted",
    ]


def test_a_list_of_posts_is_no_discussion():
    post = (
        '<shreddit-post author="alice"><div slot="text-body"><div class="md">The beginning</div></div></shreddit-post>'
    )
    html = f"<main>{post}{post}</main>"
    assert extract(html.encode(), "https://example.org/r/bread").quality < 0.9
