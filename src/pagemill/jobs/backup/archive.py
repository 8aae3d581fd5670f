"""The file of a backup: a zip archive with an entry for each table (PostgreSQL's binary COPY format) and a manifest.

Nobody but its owner may read it, since it holds the service's secret key. It appears under its name once it is whole.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
import zlib
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any, Self

import orjson

from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from types import TracebackType

FORMAT = 1
_CHUNK = 256 * 1024
_MANIFEST = "manifest.json"
_STORED = frozenset({"bodies"})
"""Tables whose values are compressed already."""
_LONGEST_SECRET = 4096


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the archive holds."""

    schema: int
    """The version of the database's schema."""
    made_by: str
    """The version of Pagemill."""
    made_at: str
    tables: dict[str, list[str]]
    """Each table with its columns, in the order in which they are restored."""
    numbers: dict[str, dict[str, int]]
    """The last number of each identity column, by table and column."""
    format: int = FORMAT


class ArchiveWriter:
    """Writes an archive. Without `finish` nothing is left of it."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise OperatorError(f"{path} is there already. Choose another name, or move it away.")
        self._path = path
        self._unfinished = path.with_name(f"{path.name}.unfinished")
        try:
            self._unfinished.unlink(missing_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.fdopen(os.open(self._unfinished, flags, 0o600), "w+b")
        except OSError as error:
            raise OperatorError(f"{path} cannot be written: {error.strerror}.") from error
        self._zip = zipfile.ZipFile(self._file, "w", allowZip64=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._zip.close()
        self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def table(self, name: str) -> IO[bytes]:
        """Open the entry of a table for writing. The caller closes it before the next one."""
        entry = zipfile.ZipInfo(_entry(name))
        entry.compress_type = zipfile.ZIP_STORED if name in _STORED else zipfile.ZIP_DEFLATED
        return self._zip.open(entry, "w", force_zip64=True)

    def add_secret(self, name: str, secret: str) -> None:
        """Add a key of the service."""
        self._zip.writestr(name, secret)

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest, and give the file its name. Blocks until it is on disk."""
        self._zip.writestr(_MANIFEST, orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._unfinished.rename(self._path)
        folder = os.open(self._path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class ArchiveReader:
    """Reads an archive. Raises OperatorError for a file that is none, or is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = self._read_manifest()
        except OSError as error:
            raise OperatorError(f"{path} cannot be read: {error.strerror}.") from error
        except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            raise OperatorError(f"{path} is no backup, or it is damaged.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def secret(self, name: str) -> str | None:
        """Return a key of the service, or None where the archive has none."""
        try:
            with self._zip.open(name) as opened:
                return opened.read(_LONGEST_SECRET).decode()
        except KeyError:
            return None
        except (zipfile.BadZipFile, ValueError) as error:
            raise self._damaged() from error

    async def table(self, name: str) -> AsyncIterator[bytes]:
        """Yield the entry of a table in parts. Its checksum is checked at the end."""
        try:
            with self._zip.open(_entry(name)) as opened:
                while part := opened.read(_CHUNK):
                    yield part
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
            raise self._damaged() from error

    def _damaged(self) -> OperatorError:
        return OperatorError(f"{self._path} is damaged.")

    def _read_manifest(self) -> Manifest:
        values: dict[str, Any] = orjson.loads(self._zip.read(_MANIFEST))
        if values["format"] != FORMAT:
            raise OperatorError(
                f"{self._path} has the format {values['format']}, and this Pagemill reads {FORMAT} only. "
                "Use the Pagemill that made it."
            )
        return Manifest(**values)


def _entry(table: str) -> str:
    return f"tables/{table}"
