"""The records of an input. What is damaged is told by a record too, so that the other inputs go on."""

from __future__ import annotations

import gzip
import lzma
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import zstandard

from pagemill.bulk.inputs import archives, tables, warc
from pagemill.bulk.inputs.source import SourceKind, shown, type_of_name
from pagemill.bulk.record import Record
from pagemill.errors import BodyTooLargeError, DamagedInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pagemill.bulk.inputs.limits import ReadingLimits
    from pagemill.bulk.inputs.source import Source

    Reader = Callable[[Source, ReadingLimits], Iterator[Record]]

_DAMAGE = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, gzip.BadGzipFile),
    *(zipfile.BadZipFile, tarfile.TarError, RuntimeError, NotImplementedError, ValueError, OverflowError),
)
"""What the libraries raise of bytes that are not what they should be; RuntimeError is an encrypted ZIP."""


def records_of(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the records of an input, each read when it is asked for.

    Where it is damaged the last one says so; that has the file's path as its URL.
    """
    reader = _READERS[source.kind]
    try:
        yield from reader(source, limits)
    except DamagedInputError as error:
        yield Record(shown(source.path), failure=error)
    except _DAMAGE as error:
        yield _damaged(source, error)
    except (Exception, GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of a library in Rust is none of the above
        yield _damaged(source, error)


def _damaged(source: Source, error: BaseException) -> Record:
    return Record(shown(source.path), failure=DamagedInputError(f"{source.path} is damaged: {error}."))


def _page(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    with source.path.open("rb") as stream:
        body = stream.read(limits.largest + 1)
    if len(body) > limits.largest:
        yield Record(source.url, failure=BodyTooLargeError(f"The file has more than {limits.largest} bytes."))
    else:
        yield Record(source.url, body, type_of_name(source.path.name))


_READERS: dict[SourceKind, Reader] = {
    SourceKind.PAGE: _page,
    SourceKind.WARC: warc.read_warc,
    SourceKind.WACZ: warc.read_wacz,
    SourceKind.ZIP: archives.read_zip,
    SourceKind.TAR: archives.read_tar,
    SourceKind.JSON_LINES: tables.read_json_lines,
    SourceKind.PARQUET: tables.read_parquet,
}
