"""Cleaned HTML: the chosen content as a small, safe, valid HTML5 tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbohtml.clean import OnDisallowed, Policy, Sanitizer

from pagemill.extraction import address, media

if TYPE_CHECKING:
    from turbohtml import Element

_TAGS = frozenset(
    """
    a abbr address article aside b bdi bdo blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption
    figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small
    span strong sub sup table tbody td tfoot th thead time tr u ul var wbr""".split()
)
_DROPPED = frozenset(
    """
    script style template iframe object embed applet noscript form input button select textarea svg canvas audio video
    head title link meta base frame frameset noframes dialog""".split()
)
_SANITIZER = Sanitizer(
    Policy(
        tags=_TAGS,
        attributes={
            "*": frozenset({"lang", "dir"}),
            "a": frozenset({"href", "title"}),
            "img": frozenset({"src", "alt", "title"}),
            "td": frozenset({"colspan", "rowspan"}),
            "th": frozenset({"colspan", "rowspan"}),
            "ol": frozenset({"start", "reversed"}),
            "code": frozenset({"class"}),
        },
        url_schemes=frozenset({"http", "https", "mailto", "tel"}),
        on_disallowed_tag=OnDisallowed.STRIP,
        remove_with_content=_DROPPED,
    )
)


def clean(root: Element, base_url: str) -> Element:
    """The cleaned tree of the content under `root`; relative addresses are read against `base_url`."""
    resolver = address.Resolver(address.base_of(root, base_url))
    for image in root.find_all("img"):
        src = media.source(image, resolver)
        if src is None:
            image.decompose()
        else:
            image.attrs["src"] = src
    for anchor in root.find_all("a"):
        href = resolver.resolve(anchor.attr("href") or "")
        if href is not None:
            anchor.attrs["href"] = href
        elif "href" in anchor.attrs:
            del anchor.attrs["href"]
    return _SANITIZER.sanitize_node(root)


def serialize(root: Element) -> str:
    """The cleaned tree as HTML text."""
    return root.inner_html
