"""Markdown as HTML. HTML in it stays text, and nothing is loaded: images are links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

_SCHEMES = ("http", "https", "mailto")


def rendered_markdown(text: str) -> str:
    """Return Markdown (CommonMark, tables, strikethrough) as HTML that runs, loads and sends nothing."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.add_render_rule("link_open", _link_open)
    markdown.add_render_rule("link_close", _link_close)
    markdown.add_render_rule("image", _image)
    tokens = markdown.parse(text)
    for token in tokens:
        _mark_images_in_links(token.children or ())
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def is_web_address(address: str) -> bool:
    """Whether a link may lead there."""
    try:
        return urlsplit(address).scheme in _SCHEMES
    except ValueError:
        return False


def link_start(address: str, name: str = "") -> str:
    """Return the beginning of a link, which tells the other site nothing."""
    class_ = f' class="{name}"' if name else ""
    return f'<a{class_} href="{escapeHtml(address)}" target="_blank" rel="noopener noreferrer nofollow">'


def _mark_images_in_links(tokens: Sequence[Token]) -> None:
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type in {"link_open", "link_close"} else 0
        if token.type == "image":
            token.meta["in_link"] = depth > 0


def _link_open(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    address = str(tokens[index].attrGet("href") or "")
    return link_start(address) if is_web_address(address) else f'<a title="{escapeHtml(address)}">'


def _link_close(_renderer: Any, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return "</a>"


def _image(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    address, text = str(token.attrGet("src") or ""), escapeHtml(token.content or "without a text")
    if token.meta.get("in_link") or not is_web_address(address):
        return f'<span class="image">Image: {text}</span>'
    return f"{link_start(address, 'image')}Image: {text}</a>"
