"""Writes a discussion into the tree: its title, then each post with a header, separated by rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbohtml import Element, Text

from pagemill.extraction.discussions.discussion import Kind

if TYPE_CHECKING:
    from pagemill.extraction.discussions.discussion import Discussion, Post
    from pagemill.extraction.discussions.software import Software

POST_HEADER = "data-post-header"
"""The attribute of the header of a post, which cleaned HTML keeps."""
_MAX_QUOTATIONS = 200
"""A post with more quotations keeps their boxes as they are: each would be searched for all those in it."""
_SEPARATOR = " · "
# Scripts that typeset formulas in texts stay: cleaning asks whether the page has one.
_KEPT_SCRIPTS = "script[src]"


def rebuild(body: Element, discussion: Discussion) -> None:
    """Replace the content of `body` by a discussion. Its posts are moved, not copied."""
    software = discussion.software
    posts = [_article(post, software) for post in _in_order(discussion.posts)]
    scripts = body.select(_KEPT_SCRIPTS)
    body.clear()
    if discussion.title:
        body.append(Element("h1", children=[Text(discussion.title)]))
    for post in posts:
        body.append(Element("hr"))
        body.append(post)
    body.extend(scripts)


def _in_order(posts: tuple[Post, ...]) -> list[Post]:
    """The posts in document order. A question that stands after its answers moves before them."""
    questions = [post for post in posts if post.kind is Kind.QUESTION]
    if len(questions) != 1 or posts[0].kind is not Kind.ANSWER:
        return list(posts)
    return questions + [post for post in posts if post.kind is not Kind.QUESTION]


def _article(post: Post, software: Software) -> Element:
    article = Element("article")
    if header := _header(post):
        article.append(header)
    for element in post.text:
        _clean(element, software)
        if element.tag == "a":
            article.append(Element("p", children=[element.extract()]))
        else:
            article.extend(list(element.extract()))
    return article


def _header(post: Post) -> Element | None:
    facts = [fact for fact in (post.date, post.votes, "accepted" if post.accepted else "") if fact]
    if not post.author and not facts:
        return None
    header = Element("header", attrs={POST_HEADER: ""})
    if post.author:
        header.append(Element("strong", children=[Text(post.author)]))
        facts.insert(0, "")
    header.append(Text(_SEPARATOR.join(facts)))
    return header


def _clean(text: Element, software: Software) -> None:
    """Remove what people did not write, and make the boxes that quote a post quotations."""
    if software.quotation:
        boxes = text.select(software.quotation)
        for box in reversed(boxes if len(boxes) <= _MAX_QUOTATIONS else []):
            _quote(box, software)
    if software.leave_out:
        text.remove(software.leave_out)


def _quote(box: Element, software: Software) -> None:
    """Make a box a quotation whose first line says who is quoted. Boxes in it were made so before."""
    quoted = _quoted(box, software)
    for inner in box.find_all("blockquote"):
        if _MARK not in inner.attrs:
            inner.tag = "div"
    for table_part in list(box.iter_elements(_TABLE_TAGS)):
        table_part.tag = "div"
    box.tag = "blockquote"
    box.attrs[_MARK] = ""
    if quoted is None:
        return
    quoted.extract()
    for part in list(quoted.iter_elements(_DECORATION)):
        part.extract()
    quoted.strip_tags("a")
    if quoted.text.strip():
        quoted.tag = "p"
        box.insert(0, quoted)


def _quoted(box: Element, software: Software) -> Element | None:
    """The element that says who is quoted, if there is one."""
    if not software.quoted:
        return None
    before = box.previous_sibling
    while isinstance(before, Text) and not before.data.strip():
        before = before.previous_sibling
    if isinstance(before, Element) and before.matches(software.quoted):
        return before
    return next((element for element in box.select(software.quoted) if not _in_inner_quote(element, box)), None)


def _in_inner_quote(element: Element, box: Element) -> bool:
    for around in element.ancestors:
        if around is box:
            return False
        if isinstance(around, Element) and _MARK in around.attrs:
            return True
    return False


_MARK = "data-quotation"
_TABLE_TAGS = ("table", "tbody", "tr", "td")
_DECORATION = ("img", "svg", "i", "button", "script")
