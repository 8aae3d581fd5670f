"""A discussion: a title and posts, as plain data that point into the page's tree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbohtml import Element

    from pagemill.extraction.discussions.software import Software


class Kind(Enum):
    """What a post is."""

    QUESTION = "question"
    ANSWER = "answer"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Post:
    """One post. What the page does not show is empty."""

    text: tuple[Element, ...]
    """The elements that contain its text, in document order."""
    author: str = ""
    date: str = ""
    """As the page shows it, else the day of its machine-readable time."""
    votes: str = ""
    """With their unit, such as `42 votes`."""
    accepted: bool = False
    kind: Kind = Kind.POST


@dataclass(frozen=True, slots=True)
class Discussion:
    """The posts of a page, in document order."""

    title: str
    posts: tuple[Post, ...]
    software: Software
    """The markup in which they stand."""
