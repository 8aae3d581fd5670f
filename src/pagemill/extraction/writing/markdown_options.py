"""What clients can choose about the Markdown, as the style of turbohtml's writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbohtml import Markdown

from pagemill.model import LinkStyle

if TYPE_CHECKING:
    from turbohtml import Element

_INLINE = Markdown.Inline(quote_open="“", quote_close="”")


def style(links: LinkStyle) -> Markdown:
    """Return the style that writes links this way."""
    written = Markdown.Links(style="reference") if links is LinkStyle.REFERENCE else Markdown.Links()
    return Markdown(inline=_INLINE, links=written)


def apply(tree: Element, links: LinkStyle, *, images: bool) -> None:
    """Remove the images of a tree if they are not wanted, and replace links by their text if those are not."""
    if not images:
        for link in tree.find_all("a"):
            if link.find("img") is not None and not link.text.strip():
                link.decompose()
        tree.remove("img")
    if links is LinkStyle.NONE:
        tree.strip_tags("a")
