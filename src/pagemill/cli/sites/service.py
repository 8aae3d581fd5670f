"""Which service a command speaks to, and with which key."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pagemill.api.listener import loopback_of
from pagemill.client import AsyncClient, ClientError, ConfigurationError, ServiceUnreachableError
from pagemill.client.connection import RETRIES
from pagemill.data_folder import DataFolder
from pagemill.errors import OperatorError, UsageError

if TYPE_CHECKING:
    import argparse

    from pagemill.settings import Settings

URL, KEY = "PAGEMILL_URL", "PAGEMILL_API_KEY"


def connect(
    arguments: argparse.Namespace, settings: Settings, *, retries: int = RETRIES, is_for_a_person: bool = True
) -> AsyncClient:
    """Return a client of the service. Raises UsageError where no key is known, or what is known is none.

    The key is that of the environment; for the service on this machine, the one in its data folder does too.
    """
    url = arguments.service or os.environ.get(URL)
    key = os.environ.get(KEY) or (None if url else _first_key(settings))
    if not key and settings.service.auth:
        folder = "" if url else " For a service on this machine its data folder does too: set PAGEMILL_DATA_DIR."
        raise UsageError(f"No API key is known. Set {KEY}: `pagemill keys create NAME` makes one.{folder}")
    try:
        client = AsyncClient(url or service_url(settings), key, retries=retries)
    except ConfigurationError as error:
        raise UsageError(error.message) from error
    if is_for_a_person:
        _tell_if_refused(url or service_url(settings))
    return client


def failure(error: ClientError) -> OperatorError:
    """Return what a command ends with where a call failed, and what helps where no service answered."""
    text = f"{error.message} [{error.code}]"
    if isinstance(error, ServiceUnreachableError):
        text += f" `pagemill serve` starts one; --service or {URL} names another."
    return OperatorError(text)


def _tell_if_refused(url: str) -> None:
    """Say at once where nothing listens on this machine: a call is sent again for some 20 seconds before it fails."""
    address = urlsplit(url.strip())
    try:
        if address.hostname != "localhost" and not ipaddress.ip_address(address.hostname or "").is_loopback:
            return
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname, port), timeout=1).close()
    except ConnectionRefusedError:
        print(f"pagemill: nothing listens at {url} yet; trying for some 20 seconds.", file=sys.stderr)
    except (OSError, ValueError):
        return


def service_url(settings: Settings) -> str:
    """Return the address of the service on this machine."""
    host = loopback_of(settings.service.host)
    return f"http://[{host}]:{settings.service.port}" if ":" in host else f"http://{host}:{settings.service.port}"


def _first_key(settings: Settings) -> str | None:
    try:
        return DataFolder(settings.database.data_dir).key_file.read_text().strip() or None
    except OSError:
        return None
