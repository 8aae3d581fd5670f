"""The socket that the API listens on."""

from __future__ import annotations

import os
import socket

from pagemill.errors import OperatorError

_BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket. Raises errors.OperatorError if the address cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        # Python's own text names the address again.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise OperatorError(
            f"The address {host}:{port} cannot be listened on: {reason}. Choose another with --port or --host."
        ) from error


def loopback_of(host: str) -> str:
    """The address by which this machine reaches what listens on `host`, which may be every address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
