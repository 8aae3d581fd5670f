"""Pages in ZIP and tar files. Nothing is unpacked to the disk."""

from __future__ import annotations

import tarfile
import zipfile
from typing import IO, TYPE_CHECKING

from pagemill.bulk.inputs.source import SourceKind, address, kind_of_name, type_of_name
from pagemill.bulk.record import Record
from pagemill.errors import BodyTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.bulk.inputs.limits import ReadingLimits
    from pagemill.bulk.inputs.source import Source


def read_zip(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the pages of a ZIP file, in the order of its table of contents."""
    with zipfile.ZipFile(source.path) as archive:
        for member in archive.infolist():
            if not member.is_dir() and kind_of_name(member.filename) is SourceKind.PAGE:
                with archive.open(member) as stream:
                    yield _record(source, member.filename, stream, limits)


def read_tar(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the pages of a tar file, however it is compressed, in its order."""
    with tarfile.open(source.path, "r|*") as archive:
        for member in archive:
            if member.isfile() and kind_of_name(member.name) is SourceKind.PAGE:
                stream = archive.extractfile(member)
                if stream is not None:
                    yield _record(source, member.name, stream, limits)
            archive.members = []  # type: ignore[attr-defined]  # else each is kept to the end


def _record(source: Source, name: str, stream: IO[bytes], limits: ReadingLimits) -> Record:
    url = address(source.url, name.removeprefix("./"))
    body = stream.read(limits.largest + 1)
    if len(body) > limits.largest:
        return Record(url, failure=BodyTooLargeError(f"The page has more than {limits.largest} bytes."))
    return Record(url, body, type_of_name(name))
