"""Pages in ZIP and tar files. Nothing is unpacked to the disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Self, cast

from pagemill.bulk.inputs.source import SourceKind, address, kind_of_name, type_of_name
from pagemill.bulk.record import Record
from pagemill.errors import BodyTooLargeError, RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pagemill.bulk.inputs.limits import ReadingLimits
    from pagemill.bulk.inputs.source import Source


_MAGIC: dict[bytes, Callable[[Path], IO[bytes]]] = {
    b"\x1f\x8b": lambda path: cast("IO[bytes]", gzip.open(path)),  # noqa: SIM115 - its caller closes it
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"]\0\0": lzma.open,
}
_LONGEST_MAGIC = 6
_PART = 64 * 1024
_LARGEST_HEADER = 1024 * 1024
_HEADERS = frozenset(
    {
        *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
        *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    }
)
"""Members that say something of the next one: tarfile holds each whole, whatever size it claims."""
_MEMBER_DAMAGE = (
    *(zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError),
    *(RuntimeError, NotImplementedError, ValueError, OverflowError),
)
"""What zipfile raises of a member that is not what it should be; RuntimeError is an encrypted one."""


def read_zip(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the pages of a ZIP file, in the order of its table of contents. A damaged one costs its own record."""
    with zipfile.ZipFile(source.path) as archive:
        for member in archive.infolist():
            if kind_of_name(member.filename) is not SourceKind.PAGE or member.is_dir():
                continue
            try:
                with archive.open(member) as stream:
                    record = _record(source, member.filename, stream, limits)
            except _MEMBER_DAMAGE as error:
                failure = RecordError(f"The page cannot be read from the archive: {error}.")
                record = Record(_url(source, member.filename), failure=failure)
            yield record


def read_tar(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the pages of a tar file, however it is compressed, in its order. Raises ReadError where it breaks off."""
    with (
        _decompressed(source) as stream,
        tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as archive,
    ):
        for member in archive:
            if member.isfile() and kind_of_name(member.name) is SourceKind.PAGE:
                page = archive.extractfile(member)
                if page is not None:
                    yield _record(source, member.name, page, limits)
            archive.members = []  # type: ignore[attr-defined]  # else each is kept to the end
        while stream.read(_PART):  # to the checksum that stands at the end
            pass


class _Member(tarfile.TarInfo):
    """A header in a tar file. tarfile takes one that is damaged for the archive's end; here it is an error."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Return the header in a block. Raises ReadError where that is none, or says that it is followed by a bomb."""
        try:
            member = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise  # the blocks of zeros at the end
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"a header is damaged or missing ({error})") from None
        if member.type in _HEADERS and member.size > _LARGEST_HEADER:
            raise tarfile.ReadError(f"a header has more than {_LARGEST_HEADER} bytes")
        return member


def _decompressed(source: Source) -> IO[bytes]:
    """Open a file by what it begins with. tarfile's own decompression takes data that break off for their end."""
    with source.path.open("rb") as file:
        beginning = file.read(_LONGEST_MAGIC)
    for magic, opens in _MAGIC.items():
        if beginning.startswith(magic):
            return opens(source.path)
    return source.path.open("rb")


def _url(source: Source, name: str) -> str:
    return address(source.url, name.removeprefix("./"))


def _record(source: Source, name: str, stream: IO[bytes], limits: ReadingLimits) -> Record:
    url = _url(source, name)
    body = stream.read(limits.largest + 1)
    if len(body) > limits.largest:
        return Record(url, failure=BodyTooLargeError(f"The page has more than {limits.largest} bytes."))
    return Record(url, body, type_of_name(name))
