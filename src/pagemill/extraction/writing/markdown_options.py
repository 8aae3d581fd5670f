"""What clients can choose about the Markdown, as the style of turbohtml's writer."""

from __future__ import annotations

from turbohtml import Element, Markdown, Text

from pagemill.model import LinkStyle

_CELLS = ("td", "th")
_INLINE = Markdown.Inline(quote_open="“", quote_close="”")


def style(links: LinkStyle) -> Markdown:
    """Return the style that writes links this way."""
    written = Markdown.Links(style="reference") if links is LinkStyle.REFERENCE else Markdown.Links()
    return Markdown(inline=_INLINE, links=written)


def apply(tree: Element, links: LinkStyle, *, images: bool) -> None:
    """Remove the images of a tree if they are not wanted, and replace links by their text if those are not."""
    if not images:
        _remove_images(tree)
    if links is LinkStyle.NONE:
        tree.strip_tags("a")


def _remove_images(tree: Element) -> None:
    """Remove the images, and what holds nothing else: links, emphasis, items. Cells stay, so that rows keep theirs."""
    for image in reversed(tree.find_all("img")):  # from the last: what is left of an element then begins with content
        part = image
        around = part.parent
        while isinstance(around, Element) and around is not tree and around.tag not in _CELLS:
            part.extract()
            if any(not (isinstance(node, Text) and node.data.isspace()) for node in around):
                break
            part, around = around, around.parent
        part.extract()
