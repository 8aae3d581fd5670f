"""Which content encodings a client accepts, best first (RFC 9110 section 12.5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import ASGIApp, Receive, Scope, Send

ZSTD = "zstd"
GZIP = "gzip"

HEADER = "Accept-Encoding"

_OURS = (ZSTD, GZIP)  # in the order of our own preference: stored bodies are zstd already


class EncodingPreference:
    """Replaces a request's Accept-Encoding by those of our encodings that it wants, best first, without weights.

    What stands further in then needs no more than to look for a name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] == "http":
            headers = MutableHeaders(raw=list(scope["headers"]))
            headers[HEADER] = ", ".join(wanted(",".join(headers.getlist(HEADER))))
            scope = {**scope, "headers": headers.raw}
        await self.app(scope, receive, send)


def wanted(accept_encoding: str) -> list[str]:
    """Return our encodings that an Accept-Encoding value allows and does not rank below no encoding at all."""
    weights = _weights(accept_encoding)
    fallback = weights.get("*", 0.0)
    identity = weights.get("identity", 0.0)
    ranked = [(weights.get(name, fallback), name) for name in _OURS]
    allowed = [(weight, name) for weight, name in ranked if weight > 0 and weight >= identity]
    return [name for _, name in sorted(allowed, key=lambda pair: -pair[0])]


def preferred(headers: Headers) -> str | None:
    """Return the best encoding for a request that went through `EncodingPreference`, or None for none."""
    return headers.get(HEADER, "").partition(",")[0] or None


def _weights(accept_encoding: str) -> dict[str, float]:
    weights = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.partition("=")
        weights[name.strip()] = _weight(value) if key.strip() == "q" else 1.0
    return weights


def _weight(value: str) -> float:
    try:
        return float(value.strip())
    except ValueError:
        return 0.0
