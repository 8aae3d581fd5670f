"""Files that are whole or not there, and what an output says where it cannot be written."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file whole and durably: it appears when it is complete, in place of what was there."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    unfinished.replace(path)


@contextlib.contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn the system's errors into an OperatorError that names the path."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OperatorError(f"{path} cannot be written: {reason}.") from error
