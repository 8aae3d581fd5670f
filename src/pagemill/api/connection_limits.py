"""How many connections the API keeps open: in all, and for each client address."""

from __future__ import annotations

import resource
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Protocol

_RESERVED_FILES = 256
"""Open files that connections leave for the database, the log and connections that are being closed."""


class Connection(Protocol):
    """An open connection that can be closed while it is idle."""

    def close(self) -> None:
        """Close it."""


class ConnectionLimits:
    """Counts open connections. An idle one (no request is being answered) makes room for a new one.

    A client that holds idle connections open can therefore not keep others out.
    """

    def __init__(self, total: int, per_address: int) -> None:
        self._total = total
        self._per_address = per_address
        self._groups: dict[Connection, str] = {}
        self._sizes: dict[str, int] = {}
        self._idle: dict[str, dict[Connection, None]] = {}

    def admit(self, connection: Connection, address: str) -> bool:
        """Count a new, idle connection, and close an old idle one if need be. Returns whether it may stay."""
        group = address_group(address)
        if self._sizes.get(group, 0) >= self._per_address:
            full = group
        elif len(self._groups) >= self._total:
            full = max(self._idle, key=lambda each: len(self._idle[each]), default=group)
        else:
            self._add(connection, group)
            return True
        oldest = next(iter(self._idle.get(full, ())), None)
        if oldest is None:
            return False
        self.release(oldest)
        oldest.close()
        self._add(connection, group)
        return True

    def mark_busy(self, connection: Connection) -> None:
        """Note that a request is being answered."""
        group = self._groups.get(connection, "")
        idle = self._idle.get(group, {})
        idle.pop(connection, None)
        if not idle:
            self._idle.pop(group, None)

    def mark_idle(self, connection: Connection) -> None:
        """Note that every request is answered."""
        if connection in self._groups:
            self._idle.setdefault(self._groups[connection], {})[connection] = None

    def release(self, connection: Connection) -> None:
        """Count a closed connection no more."""
        if connection not in self._groups:
            return
        self.mark_busy(connection)
        group = self._groups.pop(connection)
        self._sizes[group] -= 1
        if not self._sizes[group]:
            del self._sizes[group]

    def _add(self, connection: Connection, group: str) -> None:
        self._groups[connection] = group
        self._sizes[group] = self._sizes.get(group, 0) + 1
        self.mark_idle(connection)


def address_group(address: str) -> str:
    """Return what connections are counted by: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False).network_address)


def connections_that_fit(wanted: int) -> int:
    """Raise the process's limit of open files as far as it goes, and return how many connections fit into it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _RESERVED_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - min(_RESERVED_FILES, soft // 2)))
