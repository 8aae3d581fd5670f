"""Pages in WARC files, and in WACZ files, which are ZIP files of WARC files.

fastwarc reads the records. A record that is cut off, and gzip that breaks off, are told apart from an orderly end: then
the input is damaged.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from pagemill.bulk.extras import load
from pagemill.bulk.inputs import content_decoding
from pagemill.bulk.record import OK, Record
from pagemill.errors import BodyTooLargeError, DamagedInputError, RecordError
from pagemill.fetching.http.content_types import Kind, declared_kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.bulk.inputs.limits import ReadingLimits
    from pagemill.bulk.inputs.source import Source

_GZIP_MAGIC = b"\x1f\x8b"
_PAGES = (Kind.HTML, Kind.PDF)
"""Archives of browsers hold scripts, pictures and more: these alone are pages."""
_REDIRECTS = range(300, 400)
_INFORMATIONAL = 200
_BUFFER = 1024 * 1024


def read_warc(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the pages of a WARC file; redirects and what is no page are left out."""
    with source.path.open("rb", buffering=_BUFFER) as file:
        yield from _records(file, str(source.path), limits)


def read_wacz(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the pages of all WARC files in a WACZ file."""
    with zipfile.ZipFile(source.path) as archive:
        for name in archive.namelist():
            if name.startswith("archive/") and name.endswith((".warc", ".warc.gz")):
                with archive.open(name) as stream:
                    yield from _records(stream, f"{source.path}/{name}", limits)


def _records(file: Any, name: str, limits: ReadingLimits) -> Iterator[Record]:
    fastwarc = load("fastwarc.warc", "Reading WARC")
    kinds = fastwarc.WarcRecordType.response | fastwarc.WarcRecordType.resource
    unpacked = _GzipStream(file) if file.peek(2).startswith(_GZIP_MAGIC) else None
    found = False
    for record in fastwarc.ArchiveIterator(unpacked or file, record_types=fastwarc.WarcRecordType.any_type):
        found = True
        if record.record_type & kinds:
            page = _page(record, limits)
            if page is not None:
                yield page
    if unpacked and unpacked.failure:
        raise DamagedInputError(f"{name} is damaged: {unpacked.failure}.")
    if not found:
        raise DamagedInputError(f"{name} holds no WARC records.")


class _GzipStream:
    """gzip, unpacked. What breaks off ends here, and `failure` says so: fastwarc takes it for an orderly end.

    All that comes before that place is given.
    """

    def __init__(self, file: Any) -> None:
        self._file = gzip.GzipFile(fileobj=file)
        self.failure: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        if self.failure is not None:
            return b""
        try:
            return self._file.read1(size)
        except (EOFError, OSError, zlib.error) as error:
            self.failure = error
            return b""

    def tell(self) -> int:
        return self._file.tell()


def _page(record: Any, limits: ReadingLimits) -> Record | None:
    url = (record.headers.get("WARC-Target-URI") or "").strip("<>") or None
    http = record.http_headers
    if http is None:
        status, headers = OK, {}
        content_type = record.headers.get("Content-Type") or ""
    else:
        status = http.status_code or OK
        headers = _headers(http)
        content_type = headers.get("content-type", "")
    declared = declared_kind(content_type)
    if status in _REDIRECTS or status < _INFORMATIONAL or declared not in (None, *_PAGES):
        return None
    length = record.content_length
    if length > limits.largest:
        too_large = BodyTooLargeError(f"The record has more than {limits.largest} bytes.")
        return None if declared is None else Record(url, failure=too_large)
    body = record.reader.read(length)
    if len(body) < length:
        raise DamagedInputError(f"The file breaks off in the record of {url}.")
    try:
        body = content_decoding.decode(body, headers, limits.largest)
    except (RecordError, BodyTooLargeError) as error:
        return Record(url, failure=error)
    if declared is None and kind_of(content_type, body) not in _PAGES:
        return None
    return Record(url, body, content_type, status, headers)


def _headers(http: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in http.astuples():
        headers.setdefault(name.lower(), value)
    return headers
