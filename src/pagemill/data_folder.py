"""The data folder: where the embedded database, the first API key and the service's own key live.

It belongs to the user that Pagemill runs as, and nobody else may write in it. No link in it is followed: a file that is
one is an error.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import stat
from typing import TYPE_CHECKING, Self

from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


_LOCK = "lock"


class DataFolder:
    """The data folder, held by one process at a time. Only a restore may hold one whose restore did not end."""

    def __init__(self, path: Path, *, restoring: bool = False) -> None:
        self._path = path
        self._restoring = restoring
        self._lock: int | None = None
        self.is_held = False
        """Whether another process was found to hold it."""

    @property
    def key_file(self) -> Path:
        """Where the first API key is kept for the command line on this machine."""
        return self._path / "api-key"

    def __enter__(self) -> Self:
        try:
            make_private(self._path)
            self._lock = os.open(self._path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.is_held = True
            self._unlock()
            raise OperatorError(
                f"Another `pagemill serve` runs on the data folder {self._path}. "
                "Stop it first, or choose another folder with --data-dir."
            ) from None
        except OSError as error:
            raise OperatorError(f"The data folder {self._path} cannot be written: {error.strerror}.") from error
        if self.restore_unfinished and not self._restoring:
            self._unlock()
            raise OperatorError(
                f"The restore of a backup into the data folder {self._path} did not end. Run `pagemill restore` again."
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def holds_data(self) -> bool:
        """Whether a service ever ran, or was restored, here."""
        return (self._path / "postgres").exists() or self._secret_key_file.exists()

    @property
    def restore_unfinished(self) -> bool:
        """Whether a restore began here and did not end."""
        return self._restore_marker.exists()

    def begin_restore(self) -> None:
        """Mark the folder as one that is being filled from a backup."""
        _write_privately(self._restore_marker, "")

    def end_restore(self) -> None:
        """Remove the mark: the folder is whole."""
        self._restore_marker.unlink(missing_ok=True)

    @property
    def _restore_marker(self) -> Path:
        return self._path / "restore-unfinished"

    def read_key(self) -> str | None:
        """Return the first API key, or None where there is none, or none for this user to read."""
        return _read_privately(self.key_file)

    def write_key(self, secret: str) -> None:
        """Keep the first API key, readable by its owner alone."""
        _write_privately(self.key_file, secret)

    def ensure_secret_key(self) -> None:
        """Make the service's own key (32 random bytes in base64) where there is none yet."""
        if not self._secret_key_file.exists():
            self.write_secret_key(base64.b64encode(secrets.token_bytes(32)).decode())

    def write_secret_key(self, secret: str) -> None:
        """Keep the service's own key, readable by its owner alone."""
        unfinished = self._path / "secret-key.new"
        _write_privately(unfinished, secret)
        unfinished.replace(self._secret_key_file)

    def read_secret_key(self) -> str | None:
        """Return the service's own key, or None where there is none, or none for this user to read."""
        return _read_privately(self._secret_key_file)

    @property
    def _secret_key_file(self) -> Path:
        return self._path / "secret-key"


def make_private(folder: Path) -> None:
    """Make a data folder where there is none, whatever the umask, for this user alone.

    Root's may be entered, not read, by others: its database runs as another user. Raises OperatorError for a folder
    that belongs to another user, or that others may write in and that is not a data folder yet.
    """
    path = folder.resolve()  # which links lead there is the operator's choice
    mode = 0o711 if os.geteuid() == 0 else 0o700
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700)
        path.chmod(mode)
        return
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise OperatorError(f"The data folder {folder} is no folder. Choose another one.")
    if status.st_uid != os.geteuid():
        raise OperatorError(
            f"The data folder {folder} belongs to another user. Choose another one, or run as its owner."
        )
    if stat.S_IMODE(status.st_mode) & (stat.S_IWGRP | stat.S_IWOTH):
        if any(path.iterdir()) and not (path / _LOCK).exists():
            raise OperatorError(
                f"Others may write in the folder {folder}, so it cannot be the data folder. Choose a folder of its own."
            )
        path.chmod(mode)


def _read_privately(file: Path) -> str | None:
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)) as opened:
            return opened.read().strip()
    except OSError:
        return None


def _write_privately(file: Path, text: str) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise OperatorError(f"The file {file} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as opened:
        os.fchmod(descriptor, 0o600)
        opened.write(text + "\n")
        opened.flush()
        os.fsync(descriptor)
