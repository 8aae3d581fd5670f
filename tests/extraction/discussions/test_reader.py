from __future__ import annotations

import pytest
from turbohtml import Element, parse

from pagemill.extraction import discussions
from pagemill.extraction.discussions.discussion import Discussion, Kind
from pagemill.extraction.reading.markup_names import MarkupNames

POST = """<div class="blockpost"><h2><a>{date}</a></h2><div class="postleft"><dt>{author}</dt></div>
<div class="postmsg">{text}</div></div>"""


def _body(html: str) -> Element:
    body = parse(html).select_one("body")
    assert body is not None
    return body


def _read(body: Element) -> Discussion | None:
    return discussions.read(body, MarkupNames(body))


def test_an_unknown_page_is_no_discussion():
    assert _read(_body("<article><h1>Title</h1><p>Text.</p></article>")) is None


@pytest.mark.parametrize("text", ["", " \n ", "<script></script>"])
def test_posts_without_text_are_no_discussion(text):
    assert _read(_body(POST.format(date="1", author="alice", text=text))) is None


def test_posts_without_authors_are_no_discussion():
    assert _read(_body(POST.format(date="2024-01-02", author="", text="words"))) is None


def test_reading_changes_nothing():
    body = _body(POST.format(date="2024-01-02", author="alice", text="<p>words</p>"))
    before = body.html
    found = _read(body)
    assert found is not None
    assert [(post.author, post.date, post.kind) for post in found.posts] == [("alice", "2024-01-02", Kind.POST)]
    assert body.html == before


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("on April 3, 2024", "April 3, 2024"),
        ("Posted 5 min. ago", "5 min. ago"),
        ("by bob » Sat 1:00", "Sat 1:00"),
        ("", ""),
    ],
)
def test_a_date_is_shown_without_its_label(shown, expected):
    found = _read(_body(POST.format(date=shown, author="alice", text="words")))
    assert found is not None
    assert found.posts[0].date == expected


def test_deeply_nested_posts_stay_in_document_order():
    depth = 300
    html = "<shreddit-comment-tree>" + "".join(
        f'<shreddit-comment author="u{level}"><div slot="comment">text {level}</div>' for level in range(depth)
    )
    found = _read(_body(html))
    assert found is not None
    assert [post.author for post in found.posts] == [f"u{level}" for level in range(depth)]
    assert [post.text[0].text for post in found.posts] == [f"text {level}" for level in range(depth)]
