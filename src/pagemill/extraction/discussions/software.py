"""Software: the selectors of what the software of a site writes of a discussion."""

from __future__ import annotations

from dataclasses import dataclass

Fields = tuple[str, ...]
"""Where a value stands, the best place first: a CSS selector, and `@name` for an attribute instead of the text.
`@name` alone is an attribute of the post itself."""


@dataclass(frozen=True, slots=True)
class Software:
    """The markup of one kind of discussion page. Selectors are relative to the body; posts may be nested."""

    name: str
    posts: str
    text: str
    """The text of a post. Of nested matches the outermost counts."""
    page: str = ""
    """What a page has if its posts are those of one discussion, where lists of discussions contain posts, too."""
    author: Fields = ()
    date: Fields = ()
    title: Fields = ()
    votes: Fields = ()
    unit: str = "vote"
    """What votes are called, for pages that show a number alone."""
    accepted: str = ""
    """What a post contains, or matches, if it is the accepted answer."""
    question: str = ""
    """The posts that are a question."""
    answer: str = ""
    """The posts that are an answer."""
    leave_out: str = ""
    """The parts of a title or text that are not written by people: buttons, edit notes, signatures."""
    quotation: str = ""
    """The boxes that quote another post."""
    quoted: str = ""
    """Who is quoted: in the box, or right before it."""
    is_general: bool = False
    """Whether any site may write this markup. Then the first post must have text, and each post an author."""
