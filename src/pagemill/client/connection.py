"""How a client finds the service, and how it speaks HTTP to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import httpx2

from pagemill.client.calls import Answer
from pagemill.client.errors import ConfigurationError, ServiceUnreachableError

if TYPE_CHECKING:
    from pagemill.client.calls import Call

DEFAULT_URL = "http://127.0.0.1:8080"
RETRIES = 6
TIMEOUT = 90.0
"""Seconds of silence after which a connection counts as broken, beyond those for which an answer may be held."""


def http_options(base_url: str | None, api_key: str | None) -> dict[str, Any]:
    """Return the arguments of an httpx2 client. What is None comes from PAGEMILL_URL and PAGEMILL_API_KEY.

    Raises ConfigurationError where they cannot be those of a service.
    """
    url = (base_url or os.environ.get("PAGEMILL_URL") or DEFAULT_URL).strip()
    key = (api_key or os.environ.get("PAGEMILL_API_KEY") or "").strip()
    if not _is_address(url):
        raise ConfigurationError(f"The address is none of a service. Give one such as {DEFAULT_URL}.")
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError("The API key has characters that no key has.")
    return {
        # Endpoints have their own version: an address that ends with one is as good.
        "base_url": url.rstrip("/").removesuffix("/v1"),
        "headers": {"X-API-Key": key} if key else {},
        "follow_redirects": False,
    }


def _is_address(url: str) -> bool:
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return False
    return parsed.scheme in ("http", "https") and bool(parsed.host)


def request_arguments(call: Call, timeout: float) -> dict[str, Any]:
    """Return the arguments of httpx2's `request`."""
    arguments: dict[str, Any] = {
        "method": call.method,
        "url": call.path,
        "params": dict(call.query),
        "headers": dict(call.headers),
        "timeout": httpx2.Timeout(timeout, read=timeout + call.hold),
    }
    if call.fields is not None:
        arguments["json"] = dict(call.fields)
    return arguments


def answer_of(response: httpx2.Response) -> Answer:
    """Return what a response says."""
    return Answer(
        response.status_code, {name.lower(): value for name, value in response.headers.items()}, response.content
    )


def unreachable(base_url: httpx2.URL, error: httpx2.RequestError) -> ServiceUnreachableError:
    """Return the error for a request that got no answer."""
    return ServiceUnreachableError(f"{base_url} does not answer: {str(error) or type(error).__name__}")
