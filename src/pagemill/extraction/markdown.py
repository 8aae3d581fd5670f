"""Markdown: the cleaned tree as GitHub-flavoured Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbohtml import Element


def render(root: Element) -> str:
    """GitHub-flavoured Markdown that means the same as the cleaned tree; ends with a newline where it is not empty."""
    text = root.to_markdown()
    return text + "\n" if text else ""
