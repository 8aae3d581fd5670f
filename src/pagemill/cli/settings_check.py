"""What can be said of settings before anything runs: one line for what is wrong, in place of a process that fails.

Types and ranges are checked by the settings themselves; here is what takes more than the value.
"""

from __future__ import annotations

import difflib
import os
import sys
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import ValidationError

from pagemill.errors import OperatorError, UsageError
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = "PAGEMILL_"
_OF_CLIENTS = frozenset({"URL", "API_KEY"})
"""Variables that clients read, and that are no settings of a service."""
_LEVELS = ("debug", "info", "warning", "error")


def read_settings() -> Settings:
    """Return the settings of the environment. Raises UsageError, in one line, for what is not valid."""
    try:
        settings = Settings()
    except ValidationError as error:
        faults = "; ".join(f"{name}: {message}" for name, message in _faults(error).items())
        raise UsageError(f"A setting is not valid. {faults}") from None
    if settings.service.log_level.lower() not in _LEVELS:
        raise UsageError(f"A setting is not valid. PAGEMILL_LOG_LEVEL: it is one of {', '.join(_LEVELS)}.")
    return settings


def invalid_variables() -> dict[str, str]:
    """Return the variables of the environment whose values are not valid, each with what is wrong with it."""
    try:
        Settings()
    except ValidationError as error:
        return _faults(error)
    return {}


def check_settings(settings: Settings) -> None:
    """Raise UsageError for a setting that would keep a process from starting, or a page from being fetched."""
    for server in settings.egress.dns_servers:
        if not _is_server(server):
            raise UsageError("A setting is not valid. PAGEMILL_DNS_SERVERS: each is an IP address, or address:port.")
    if settings.database.database_url and not _is_database(settings.database.database_url):
        raise UsageError("A setting is not valid. PAGEMILL_DATABASE_URL: it is postgresql://USER:PASSWORD@HOST/NAME.")
    from pagemill.fetching.http.curl_handle import browser_handle
    from pagemill.jobs.webhooks.signing import SigningKey
    from pagemill.searching.selection import selected_adapter

    try:
        SigningKey.of(settings)
        selected_adapter(settings)
        browser_handle(settings).close()  # reads the certificate authorities, and knows which browsers there are
    except OperatorError as error:
        raise UsageError(f"A setting is not valid. {error.message}") from None


def warn_of_unknown(names: Iterable[str] = os.environ) -> None:
    """Name each variable that looks like a setting and is none, with the setting that it may have been meant for."""
    for name, nearest in unknown_variables(names):
        hint = f" Did you mean {nearest}?" if nearest else " docs/settings.md lists them."
        print(f"pagemill: {name} is no setting, and is ignored.{hint}", file=sys.stderr)


def unknown_variables(names: Iterable[str] = os.environ) -> list[tuple[str, str | None]]:
    """Return each variable that looks like a setting and is none, with the nearest setting where one is near."""
    known = {name.upper() for name in Settings.by_name()} | _OF_CLIENTS
    unknown = (name for name in sorted(set(names)) if name.startswith(_PREFIX) and name[len(_PREFIX) :] not in known)
    found: list[tuple[str, str | None]] = []
    for name in unknown:
        nearest = difflib.get_close_matches(name.removeprefix(_PREFIX), known, n=1)
        found.append((name, _PREFIX + nearest[0] if nearest else None))
    return found


def allows_open_access(settings: Settings) -> bool:
    """Whether it is safe that the API asks for a key or for none: without one, on a loopback address alone."""
    if settings.service.auth or settings.service.host == "localhost":
        return True
    try:
        return ip_address(settings.service.host).is_loopback
    except ValueError:
        return False


def _faults(error: ValidationError) -> dict[str, str]:
    known = Settings.by_name()
    return {_variable(fault["loc"], known): fault["msg"] for fault in error.errors()}


def _variable(place: tuple[int | str, ...], known: object) -> str:
    """The variable that a fault is in; its place may begin with the group."""
    names = [str(part) for part in place]
    name = next((part for part in names if part in known), "_".join(names))  # type: ignore[operator]
    return _PREFIX + name.upper()


def _is_database(url: str) -> bool:
    """Whether a URL names a PostgreSQL server: several hosts with their ports, or a socket, are possible."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2].split(",")
    ports = [host.rpartition("]")[2].rpartition(":")[2] for host in hosts if ":" in host.rpartition("]")[2]]
    return parts.scheme in ("postgresql", "postgres") and all(port.isdecimal() for port in ports)


def _is_server(text: str) -> bool:
    host, port = text, "53"
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":") or "53"
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        ip_address(host)
        return 0 < int(port) < 65536
    except ValueError:
        return False
