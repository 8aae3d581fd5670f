"""Which service a command speaks to, and with which key."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pagemill.api.listener import loopback_of
from pagemill.client import AsyncClient, ConfigurationError
from pagemill.client.connection import RETRIES
from pagemill.data_folder import DataFolder
from pagemill.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from pagemill.settings import Settings

URL, KEY = "PAGEMILL_URL", "PAGEMILL_API_KEY"


def connect(arguments: argparse.Namespace, settings: Settings, *, retries: int = RETRIES) -> AsyncClient:
    """Return a client of the service. Raises UsageError where no key is known, or what is known is none.

    The key is that of the environment; for the service on this machine, the one in its data folder does too.
    """
    url = arguments.service or os.environ.get(URL)
    key = os.environ.get(KEY) or (None if url else _first_key(settings))
    if not key and settings.service.auth:
        raise UsageError(f"No API key is known. Set {KEY}: `pagemill keys create NAME` makes one.")
    try:
        return AsyncClient(url or service_url(settings), key, retries=retries)
    except ConfigurationError as error:
        raise UsageError(error.message) from error


def service_url(settings: Settings) -> str:
    """Return the address of the service on this machine."""
    host = loopback_of(settings.service.host)
    return f"http://[{host}]:{settings.service.port}" if ":" in host else f"http://{host}:{settings.service.port}"


def _first_key(settings: Settings) -> str | None:
    try:
        return DataFolder(settings.database.data_dir).key_file.read_text().strip() or None
    except OSError:
        return None
