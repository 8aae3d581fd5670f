"""What stands in another process' memory."""

from __future__ import annotations

import re
from pathlib import Path

_WRITABLE = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw")


def holds(pid: int, text: bytes) -> bool:
    """Whether a text stands in the environment or the writable memory of a process."""
    folder = Path(f"/proc/{pid}")
    if text in (folder / "environ").read_bytes():
        return True
    with (folder / "mem").open("rb", buffering=0) as memory:
        for line in (folder / "maps").read_text().splitlines():
            if found := _WRITABLE.match(line):
                start, end = (int(number, 16) for number in found.groups())
                memory.seek(start)
                if text in memory.read(end - start):
                    return True
    return False
