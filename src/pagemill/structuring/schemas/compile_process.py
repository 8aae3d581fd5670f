"""The program that compiles clients' schemas: patterns can make that take seconds and hundreds of megabytes.

A request is a big-endian 32-bit length and a schema's JSON text. The answer is one line: what is wrong with the schema,
or nothing.
"""

from __future__ import annotations

import os
import signal
import struct
import sys

import orjson

from pagemill.errors import InvalidSchemaError
from pagemill.process_lifetime import die_with_parent, limit_memory
from pagemill.structuring.schemas.schema import Schema

LENGTH = struct.Struct(">I")


def main() -> None:
    """Answer requests until the input ends."""
    limit_memory(int(sys.argv[1]))
    die_with_parent(int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while head := requests.read(LENGTH.size):
        fault = _fault(requests.read(*LENGTH.unpack(head)))
        replies.write(" ".join(fault.split()).encode("utf-8", "replace") + b"\n")
        replies.flush()


def _fault(text: bytes) -> str:
    try:
        Schema(orjson.loads(text))
    except InvalidSchemaError as error:
        return error.message
    return ""


if __name__ == "__main__":
    main()
