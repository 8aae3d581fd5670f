"""Names for workers."""

from __future__ import annotations

import secrets
import socket


def new_worker_id() -> str:
    """Return a name that no other worker has, and that tells an operator which machine it is on."""
    return f"{socket.gethostname()}:{secrets.token_hex(4)}"
