"""Discussions: keeps the posts of forums, questions and answers apart, each with who wrote it and when."""

from pagemill.extraction.discussions.reader import read
from pagemill.extraction.discussions.rebuild import rebuild

__all__ = ["read", "rebuild"]
