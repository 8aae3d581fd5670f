"""Which content encodings a client accepts, best first (RFC 9110 section 12.5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.datastructures import Headers

ZSTD = "zstd"
GZIP = "gzip"

HEADER = "Accept-Encoding"

_SUPPORTED = (ZSTD, GZIP)  # in order of preference: stored bodies are zstd already


def wanted(accept_encoding: str) -> list[str]:
    """Return the supported encodings that an Accept-Encoding value allows and does not rank below identity."""
    weights = _weights(accept_encoding)
    fallback = weights.get("*", 0.0)
    identity = weights.get("identity", 0.0)
    ranked = [(weights.get(name, fallback), name) for name in _SUPPORTED]
    allowed = [(weight, name) for weight, name in ranked if weight > 0 and weight >= identity]
    return [name for _, name in sorted(allowed, key=lambda pair: -pair[0])]


def preferred(headers: Headers) -> str | None:
    """Return the best encoding for a request that passed `middleware.encoding_negotiation`, or None for none."""
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
