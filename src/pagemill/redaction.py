"""Removes secrets from URLs before they are logged or shown in an error.

A URL may hold a password before its host, and tokens in its query or fragment. What is left tells which page was meant:
scheme, host, port and path.
"""

from __future__ import annotations

import re

MASK = "***"

# A URL anywhere in a text, up to the next white space. Browsers also read `https:host` and `https:\\host`.
_URL = re.compile(r"(?:https?:|[a-z][a-z0-9+.-]*:[/\\]{2})[^\s<>]+", re.IGNORECASE)
_PARTS = re.compile(r"(?P<scheme>[^:]+:[/\\]*)(?P<authority>[^/\\?#]*)(?P<path>[^?#]*)(?P<rest>.*)", re.DOTALL)
_HTTP = re.compile(r"\s*https?:", re.IGNORECASE)


def redact_url(url: str) -> str:
    """Return a URL without user name, password and the values of query and fragment."""
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return url
    credentials, at, host = parts["authority"].rpartition("@")
    shown = f"{MASK}@{host}" if at and credentials else host
    rest = f"{parts['rest'][0]}{MASK}" if len(parts["rest"]) > 1 else parts["rest"]
    return f"{parts['scheme']}{shown}{parts['path']}{rest}"


def mask_credentials(url: str) -> str:
    """Return a URL without user name and password: for its owner, who knows it by all the rest."""
    parts = _PARTS.fullmatch(url)
    credentials, _, host = parts["authority"].rpartition("@") if parts else ("", "", "")
    return f"{parts['scheme']}{MASK}@{host}{parts['path']}{parts['rest']}" if parts and credentials else url


def redact(text: str) -> str:
    """Return a text with every URL in it redacted."""
    if _HTTP.match(text):  # a URL alone, which may hold spaces
        return redact_url(text)
    return _URL.sub(lambda match: redact_url(match[0]), text) if ":" in text else text
