"""What is secret in the options of a job: values of headers and cookies, and what actions write. Encrypted, it is kept
in `ScrapeOptions.sealed`, and empty where it stood.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.jobs.sealing import SealingKey
    from pagemill.model import ScrapeOptions


def has_secrets(options: ScrapeOptions) -> bool:
    """Whether anything in the options, as a client sent them, is to be encrypted."""
    return bool(options.headers or options.cookies or any(action.text for action in options.actions))


def sealed(key: SealingKey, key_id: str, options: ScrapeOptions) -> ScrapeOptions:
    """Return the options of an API key with their secrets encrypted."""
    secrets = {
        "headers": [value for _, value in options.headers],
        "cookies": [cookie.value for cookie in options.cookies],
        "texts": [action.text for action in options.actions],
    }
    return replace(
        options,
        headers=tuple((name, "") for name, _ in options.headers),
        cookies=tuple(replace(cookie, value="") for cookie in options.cookies),
        actions=tuple(replace(action, text="") for action in options.actions),
        sealed=base64.b64encode(key.seal(json.dumps(secrets).encode(), key_id)).decode(),
    )


def opened(key: SealingKey, key_id: str, options: ScrapeOptions) -> ScrapeOptions | None:
    """Return the options as the client sent them, or None where they were encrypted with another key, or for another
    API key.
    """
    plain = key.open(base64.b64decode(options.sealed or ""), key_id)
    if plain is None:
        return None
    secrets = json.loads(plain)
    headers = zip(options.headers, secrets["headers"], strict=True)
    cookies = zip(options.cookies, secrets["cookies"], strict=True)
    actions = zip(options.actions, secrets["texts"], strict=True)
    return replace(
        options,
        headers=tuple((name, value) for (name, _), value in headers),
        cookies=tuple(replace(cookie, value=value) for cookie, value in cookies),
        actions=tuple(replace(action, text=text) for action, text in actions),
        sealed=None,
    )
