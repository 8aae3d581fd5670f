"""A libcurl handle set up to look like a browser and to go nowhere but where it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curl_cffi import Curl, CurlHttpVersion, CurlOpt
from curl_cffi.requests.impersonate import resolve_latest_browser_type

from pagemill.errors import OperatorError
from pagemill.fetching.egress.trust_store import trust_store

if TYPE_CHECKING:
    from pagemill.settings import Settings

# Larger reads save calls, but libcurl then decompresses for longer at a time, and the event loop stands still for it.
BUFFER_SIZE = 64 * 1024
# Names are given to libcurl with their addresses. Should it ever come to look one up by itself, it asks a server that
# is not there, and the request fails, instead of going somewhere that nobody checked.
_UNREACHABLE_RESOLVER = "https://0.0.0.0:1/"


def browser_handle(settings: Settings) -> Curl:
    """A new handle, with everything set that is the same for each request.

    Raises `OperatorError` when no browser goes by the name in the settings.
    """
    curl = _handle_with_trust_store(settings)
    browser = resolve_latest_browser_type(settings.fetching.impersonate)  # type: ignore[no-untyped-call]
    if curl.impersonate(browser) != 0:
        raise OperatorError(
            f"No browser to impersonate is called {settings.fetching.impersonate}; see PAGEMILL_IMPERSONATE."
        )
    return _restrict(curl, settings)


def plain_handle(settings: Settings) -> Curl:
    """A new handle that claims to be nobody and sends no header of its own accord, but for what HTTP demands."""
    return _restrict(_handle_with_trust_store(settings), settings)


def _handle_with_trust_store(settings: Settings) -> Curl:
    authorities = trust_store(settings.egress.ca_file)
    curl = Curl(cacert=authorities.file)
    curl.setopt(CurlOpt.CAPATH, authorities.folder)
    return curl


def _restrict(curl: Curl, settings: Settings) -> Curl:
    authorities = trust_store(settings.egress.ca_file)
    curl.setopt(CurlOpt.HTTP_VERSION, CurlHttpVersion.V2TLS)
    curl.setopt(CurlOpt.PROTOCOLS_STR, "http,https")
    curl.setopt(CurlOpt.FOLLOWLOCATION, 0)
    curl.setopt(CurlOpt.PROXY, "")  # also keeps libcurl from the environment's proxies; `route` sets others
    curl.setopt(CurlOpt.NOPROXY, "*")
    curl.setopt(CurlOpt.PROXY_CAINFO, authorities.file)
    curl.setopt(CurlOpt.PROXY_CAPATH, authorities.folder)
    curl.setopt(CurlOpt.NETRC, 0)
    curl.setopt(CurlOpt.ACCEPT_ENCODING, "gzip, deflate, br, zstd")  # says so and decompresses; as Chrome asks
    curl.setopt(CurlOpt.DOH_URL, _UNREACHABLE_RESOLVER)
    curl.setopt(CurlOpt.COOKIEFILE, b"")  # cookies in memory; `COOKIELIST: ALL` empties it before each page
    curl.setopt(CurlOpt.PATH_AS_IS, 1)  # paths come normalised
    curl.setopt(CurlOpt.NOSIGNAL, 1)
    curl.setopt(CurlOpt.BUFFERSIZE, BUFFER_SIZE)
    curl.setopt(CurlOpt.CONNECTTIMEOUT_MS, int(settings.fetching.connect_timeout * 1000))
    limit_size(curl, settings)
    return curl


def limit_size(curl: Curl, settings: Settings, *, bounded: bool = True) -> None:
    """Bound what goes into decompression and may yield nothing: the response reader counts what comes out.

    Not where its first part is enough: libcurl would refuse a long body by its length.
    """
    curl.setopt(CurlOpt.MAXFILESIZE_LARGE, 2 * settings.fetching.max_body_bytes if bounded else 0)
