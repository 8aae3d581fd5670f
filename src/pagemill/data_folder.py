"""The data folder: where the embedded database and the first API key live."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Self

from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class DataFolder:
    """The data folder, held by one supervisor at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None

    @property
    def key_file(self) -> Path:
        """Where the first API key is kept for the command line on this machine."""
        return self._path / "api-key"

    def __enter__(self) -> Self:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(
                f"Another `pagemill serve` runs on the data folder {self._path}. "
                "Stop it first, or choose another folder with --data-dir."
            ) from None
        except OSError as error:
            raise OperatorError(f"The data folder {self._path} cannot be written: {error.strerror}.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)

    def write_key(self, secret: str) -> None:
        """Keep the first API key, readable by its owner alone."""
        descriptor = os.open(self.key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, 0o600)
            file.write(secret + "\n")
