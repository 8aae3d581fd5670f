"""When two URLs are the same page: without fetching either.

A URL has two forms. `clean` is what is fetched: without a fragment, tracking parameters and session ids. `identity` is
what is compared: also without scheme, `www.`, the order of parameters and a trailing slash, which a server may need.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from pagemill.errors import UnfetchableUrlError
from pagemill.fetching.url import DEFAULT_PORTS, parse_url

if TYPE_CHECKING:
    from pagemill.fetching.url import Url

TRACKING = frozenset(
    {
        *("_ga", "_gl", "_hsenc", "_hsmi", "dclid", "fbclid", "gad_source", "gbraid", "gclid", "gclsrc", "igshid"),
        *("li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "msclkid", "oly_anon_id", "oly_enc_id", "s_cid", "srsltid"),
        *("ttclid", "twclid", "vero_id", "wbraid", "wickedid", "yclid"),
    }
)
"""Parameters that say where a visitor came from, and never which page is meant. `utm_…` is another."""
SESSION = frozenset(
    [
        "aspsessionid",
        "cfid",
        "cftoken",
        "jsessionid",
        "osccsid",
        "phpsessid",
        "sessid",
        "session_id",
        "sessionid",
        "zenid",
    ]
)
"""Parameters that hold a visitor's session."""
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?;]*|/\(S\([a-z0-9]{16,40}\)\)", re.IGNORECASE)
_SAFE = "!$&'()*+,;=:@-._~"
_MAX_PATH = 4096


@dataclass(frozen=True, slots=True)
class SiteUrl:
    """A URL of a site, in both forms."""

    clean: str
    identity: str
    host: str
    """With its port, where that is not the scheme's."""
    path: str
    query: tuple[str, ...]
    """The parameters as they stand in the URL, in its order."""


def site_url(text: str, base: Url | None = None) -> SiteUrl | None:
    """Return a URL in both forms; None for what is no http(s) URL, or holds a user name."""
    try:
        url = parse_url(text, base)
    except UnfetchableUrlError:
        return None
    if url.href.partition("#")[0] != url.public_href:
        return None
    path, _, query = url.target.partition("?")
    path = _PATH_SESSION.sub("", path[:_MAX_PATH]) or "/"
    parameters = tuple(part for part in query.split("&") if part and not _is_dropped(part))
    host = url.netloc
    fragment = f"#{url.fragment}" if url.has_route else ""
    asked = f"?{'&'.join(parameters)}" if parameters else ""
    clean = f"{url.scheme}://{host}{path}{asked}{fragment}"
    ordered = "&".join(sorted(_normal(part) for part in parameters))
    compared_path = "/".join(_normal(segment) for segment in path.split("/")).rstrip("/") or "/"
    compared = f"{_compared_host(url)}{compared_path}{'?' + ordered if ordered else ''}{fragment}"
    return SiteUrl(clean, compared, host, path, parameters)


def _is_dropped(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    return name in TRACKING or name in SESSION or name.startswith(("utm_", "aspsessionid"))


def _compared_host(url: Url) -> str:
    host = url.host.removeprefix("www.")
    return host if url.port == DEFAULT_PORTS[url.scheme] else f"{host}:{url.port}"


def _normal(text: str) -> str:
    """A part of a URL with only what must be escaped in percent-encoding, in upper case (RFC 3986, 6.2.2)."""
    return quote(unquote_to_bytes(text), safe=_SAFE) if "%" in text else text
