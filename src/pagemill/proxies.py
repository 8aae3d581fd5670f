"""Where requests leave from: directly, or through one of the operator's proxies, by country.

The setting is a list of `code=URL`, separated by white space: `us=http://user:pw@proxy:8080 de=socks5://10.0.0.9:1080`.
A code may come several times; `*` serves every country that has no entry of its own, and a URL without a code is one
for `*`. `{country}` in a URL becomes the country's code, as proxy providers have it. `direct` instead of a URL is no
proxy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from pagemill.errors import CountryNotAvailableError

ANY = "*"
PLACEHOLDER = "{country}"
SCHEMES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, or `DIRECT`. Its `id` holds no user name and no password, and neither does its `repr`."""

    id: str
    scheme: str = ""
    """One of `SCHEMES`; empty where no proxy is used."""
    host: str = ""
    port: int = 0
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def direct(self) -> bool:
        """Whether no proxy is used."""
        return not self.scheme

    @property
    def socks(self) -> bool:
        """Whether the proxy speaks SOCKS 5."""
        return self.scheme.startswith("socks")


DIRECT = Proxy("direct")


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies of each country. With none at all, every country is served directly."""

    entries: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Country code, or `ANY`, and the URL as the operator gave it."""

    def __bool__(self) -> bool:
        """Whether the operator named any."""
        return bool(self.entries)

    @property
    def countries(self) -> tuple[str, ...]:
        """The codes that have proxies of their own, in alphabetical order; `ANY` among them where it has some."""
        return tuple(sorted({code for code, _ in self.entries}))

    def of(self, country: str) -> tuple[Proxy, ...]:
        """The proxies for a country, at least one. Raises `CountryNotAvailableError` where it has none."""
        if not self.entries:
            return (DIRECT,)
        code = country.lower()
        urls = [url for key, url in self.entries if key == code] or [url for key, url in self.entries if key == ANY]
        if not urls:
            raise CountryNotAvailableError(
                f"No request can leave from the country {code} here. Available: {', '.join(self.countries)}."
            )
        return _distinct([_parse_proxy(url, code) for url in urls])


def parse_proxies(text: str) -> Proxies:
    """Read the setting. Raises `ValueError`, whose message repeats nothing of it but the place of the wrong entry."""
    entries = []
    for number, part in enumerate(text.split(), 1):
        code, equals, url = part.partition("=")
        if not equals or not (code == ANY or (len(code) == 2 and code.isascii() and code.isalpha())):
            code, url = ANY, part
        try:
            _parse_proxy(url, "us")
        except ValueError as error:
            raise ValueError(f"entry {number} is no proxy: {error}") from None
        entries.append((code.lower(), url))
    return Proxies(tuple(entries))


def _parse_proxy(url: str, country: str) -> Proxy:
    if url == DIRECT.id:
        return DIRECT
    parts = urlsplit(url.replace(PLACEHOLDER, country))
    if parts.scheme not in SCHEMES:
        raise ValueError(f"it begins with none of {', '.join(SCHEMES)}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("its host or port is not valid") from None
    if not host or not port:
        raise ValueError("it names no host, or no port")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("something follows the port; `/`, `?` and `#` in a password are written %2F, %3F and %23")
    shown = f"[{host}]" if ":" in host else host
    suffix = f"/{country}" if PLACEHOLDER in url else ""
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(f"{parts.scheme}://{shown}:{port}{suffix}", parts.scheme, host, port, username, password)


def _distinct(proxies: list[Proxy]) -> tuple[Proxy, ...]:
    """The same with an id for each: those that differ in their credentials alone are numbered."""
    named: list[Proxy] = []
    seen: dict[str, int] = {}
    for one in dict.fromkeys(proxies):
        seen[one.id] = count = seen.get(one.id, 0) + 1
        name = one.id if count == 1 else f"{one.id}#{count}"
        named.append(Proxy(name, one.scheme, one.host, one.port, one.username, one.password))
    return tuple(named)
