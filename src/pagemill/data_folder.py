"""The data folder: where the embedded database, the first API key and the service's own key live."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
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
        _write_privately(self.key_file, secret)

    def ensure_secret_key(self) -> None:
        """Make the service's own key (32 random bytes in base64) where there is none yet."""
        if not self._secret_key_file.exists():
            unfinished = self._path / "secret-key.new"
            _write_privately(unfinished, base64.b64encode(secrets.token_bytes(32)).decode())
            unfinished.replace(self._secret_key_file)

    def read_secret_key(self) -> str | None:
        """Return the service's own key, or None where there is none, or none for this user to read."""
        try:
            return self._secret_key_file.read_text().strip()
        except OSError:
            return None

    @property
    def _secret_key_file(self) -> Path:
        return self._path / "secret-key"


def _write_privately(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        os.fchmod(descriptor, 0o600)
        opened.write(text + "\n")
        opened.flush()
        os.fsync(descriptor)
