"""Refreshes: where a page leads by itself, by `<meta http-equiv="refresh">` or by the header of that name.

Read as browsers do (HTML, "shared declarative refresh steps").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Element, Node

from pagemill.extraction.reading import addresses
from pagemill.model import Refresh

if TYPE_CHECKING:
    from turbohtml import Document

_REFRESH = re.compile(
    r"""\s*(?P<seconds>\d*)(?:\.[\d.]*)?\s*(?:[;,\s]\s*(?:url\s*=\s*)?(?P<quote>["']?)(?P<url>.*))?\Z""",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 10_000


def of_document(tree: Document, base_url: str) -> Refresh | None:
    """The first refresh in the page's markup. One in `<noscript>` is for browsers without scripts, and passed over."""
    for meta in tree.iter_elements("meta"):
        if (meta.attr("http-equiv") or "").strip().lower() == "refresh" and not _in_noscript(meta):
            found = parse(meta.attr("content") or "", base_url)
            if found is not None:
                return found
    return None


def parse(text: str, base_url: str) -> Refresh | None:
    """A refresh as it is written: `5; url=/there`. None where it is none, or reloads the page itself."""
    match = _REFRESH.match(text[:_LONGEST])
    if match is None or not (match["seconds"] or text.lstrip().startswith(".")) or not match["url"]:
        return None
    url = match["url"].partition(match["quote"])[0] if match["quote"] else match["url"]
    address = addresses.Resolver(base_url).resolve(url)
    is_web = address is not None and address.startswith(("https://", "http://"))
    return Refresh(float(match["seconds"] or 0), address) if address and is_web else None


def _in_noscript(element: Element) -> bool:
    parent: Node | None = element.parent
    while parent is not None:
        if isinstance(parent, Element) and parent.tag == "noscript":
            return True
        parent = parent.parent
    return False
