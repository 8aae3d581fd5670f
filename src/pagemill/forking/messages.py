"""The messages between who wants processes and the fork server: one JSON object in each packet of a Unix socket.

A request names what is to run and has the descriptors that the new process gets beside it (SCM_RIGHTS). It is answered
by the process id with a pidfd, or by an error number. When the process ended, a packet of its own says how. No request
holds a secret: the new process reads those itself, from one of its descriptors.
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from typing import Any

MAX_BYTES = 65536
"""The largest packet."""
MAX_DESCRIPTORS = 16
APART, TOGETHER = "apart", "together"
"""Whether what was forked outlives its fork server, or ends with it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to run in a new process."""

    program: str
    """A function as `module:name`. It gets the arguments, and the process ends when it returns."""
    arguments: list[str]
    title: str
    """What the process is called in lists of processes."""
    numbers: list[int]
    """Under which numbers it has the descriptors that are sent beside. It has no others."""
    own_group: bool
    """Whether it leads a process group of its own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a fork server tells."""

    pid: int = 0
    error: int = 0
    """Why no process was made, as in `errno`; 0 where one was."""
    code: int | None = None
    """How the process ended: its exit code, or a signal's number below zero. None where it has just been made."""


def encode(message: Request | Answer) -> bytes:
    """Return the packet."""
    return json.dumps(asdict(message)).encode()


def receive_request(connection: socket.socket) -> tuple[Request, list[int]] | None:
    """Return the next request and the descriptors beside it. None at the end."""
    packet, descriptors, _, _ = socket.recv_fds(connection, MAX_BYTES, MAX_DESCRIPTORS)
    return (Request(**_object(packet)), descriptors) if packet else None


def receive_answer(connection: socket.socket) -> tuple[Answer, list[int]] | None:
    """Return the next answer, and the pidfd beside it where a process was made. None at the end."""
    packet, descriptors, _, _ = socket.recv_fds(connection, MAX_BYTES, 1)
    return (Answer(**_object(packet)), descriptors) if packet else None


def _object(packet: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(packet)
    return found
