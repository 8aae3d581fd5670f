"""Pages in WARC files, and in WACZ files, which are ZIP files of WARC files.

fastwarc reads the records. A record that is cut off, and gzip that breaks off, are told apart from an orderly end: then
the input is damaged. It is read on from the next whole record, where each is a member of the gzip file, or where
nothing is compressed.
"""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Self

from pagemill.bulk.extras import load
from pagemill.bulk.inputs import content_decoding
from pagemill.bulk.inputs.plain_warc import PlainWarc
from pagemill.bulk.inputs.record_stream import RecordStream
from pagemill.bulk.inputs.source import shown
from pagemill.bulk.record import OK, Record
from pagemill.errors import BodyTooLargeError, DamagedInputError, RecordError
from pagemill.fetching.http.content_types import Kind, declared_kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.bulk.inputs.limits import ReadingLimits
    from pagemill.bulk.inputs.source import Source

_GZIP_MAGIC = b"\x1f\x8b"
_MEMBER = b"\x1f\x8b\x08"
_GZIP = 31  # zlib's number for it, with the largest window
_RECORD = b"WARC/"
_PAGES = (Kind.HTML, Kind.PDF)
"""Archives of browsers hold scripts, pictures and more: these alone are pages."""
_REDIRECTS = range(300, 400)
_INFORMATIONAL = 200
_BUFFER = 1024 * 1024
_PART = 64 * 1024


def read_warc(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the pages of a WARC file; redirects and what is no page are left out."""
    with source.path.open("rb", buffering=_BUFFER) as file:
        yield from _records(file, shown(source.path), shown(source.path), limits, is_file=file.seekable())


def read_wacz(source: Source, limits: ReadingLimits) -> Iterator[Record]:
    """Yield the pages of all WARC files in a WACZ file."""
    with zipfile.ZipFile(source.path) as archive:
        for name in archive.namelist():
            if name.startswith("archive/") and name.endswith((".warc", ".warc.gz")):
                with archive.open(name) as stream:
                    yield from _records(stream, f"{shown(source.path)}/{name}", shown(source.path), limits)


def _records(file: Any, name: str, path: str, limits: ReadingLimits, *, is_file: bool = False) -> Iterator[Record]:
    fastwarc = load("fastwarc.warc", "Reading WARC")
    beginning = file.peek(len(_RECORD))[: len(_RECORD)]
    source: RecordStream | None = RecordStream(file)
    if beginning.startswith(_GZIP_MAGIC):
        source = _GzipStream(file)
    elif beginning == _RECORD and is_file:
        source = PlainWarc(file, name)
    found = False
    while source is not None:
        failure: DamagedInputError | None = None
        try:
            for page in _pages(fastwarc, source, name, limits):
                found = True
                if page is not None:
                    yield page
        except DamagedInputError as error:
            failure = error
        if source.failure:
            failure = DamagedInputError(f"{name} is damaged: {source.failure}.")
        if failure is None:
            break
        source = source.after_damage()
        if source is None:
            raise failure
        yield Record(path, failure=failure)
    if not found:
        raise DamagedInputError(f"{name} holds no WARC records.")


def _pages(fastwarc: Any, source: RecordStream, name: str, limits: ReadingLimits) -> Iterator[Record | None]:
    """Yield the page of each record, or None. Raises DamagedInputError."""
    kinds = fastwarc.WarcRecordType.response | fastwarc.WarcRecordType.resource
    try:
        for record in fastwarc.ArchiveIterator(source.stream, record_types=fastwarc.WarcRecordType.any_type):
            source.check(record.stream_pos, int(record.headers.get("Content-Length") or 0))
            yield _page(record, limits) if record.record_type & kinds else None
        source.check_end()
    except (OSError, ValueError, OverflowError) as error:  # OverflowError: a length that no file has
        raise DamagedInputError(f"{name} is damaged: {error}.") from error


class _GzipStream(RecordStream):
    """gzip, unpacked member by member. What breaks off ends here, and `failure` says so: fastwarc takes it for an
    orderly end.

    All that comes before that place is given.
    """

    def __init__(self, file: Any) -> None:
        super().__init__(self)
        self._file = file
        self._waiting = b""
        self._member: Any = None
        self._start = 0
        """Where the member begins."""
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, nothing at the end."""
        size = size if size > 0 else _BUFFER
        try:
            while self.failure is None and self._fill():
                part: bytes = self._member.decompress(self._waiting, size)
                self._waiting = self._member.unconsumed_tail or self._member.unused_data
                if self._member.eof:
                    self._member = None
                if part:
                    self._given += len(part)
                    return part
        except (EOFError, zlib.error) as error:
            self.failure = error
        return b""

    def _fill(self) -> bool:
        """Have bytes of a member waiting. Raises EOFError where it breaks off; returns False after the last."""
        if self._member is None:
            self._waiting = self._waiting.lstrip(b"\0")  # padding, as gzip has it
        while not self._waiting:
            self._waiting = self._file.read(_PART)
            if not self._waiting:
                if self._member is not None:
                    raise EOFError("it breaks off")
                return False
            if self._member is None:
                self._waiting = self._waiting.lstrip(b"\0")
        if self._member is None:
            self._start = self._file.tell() - len(self._waiting)
            self._member = zlib.decompressobj(_GZIP)
        return True

    def tell(self) -> int:
        """How many bytes were given."""
        return self._given

    def after_damage(self) -> Self | None:
        """Return the stream from the next member on that begins with a record, or None where there is none."""
        self._file.seek(self._start + 1)
        while (place := _find(self._file, _MEMBER)) is not None:
            self._file.seek(place)
            try:
                begins = zlib.decompressobj(_GZIP).decompress(self._file.read(_PART), len(_RECORD))
            except zlib.error:
                begins = b""
            if begins == _RECORD:
                self._file.seek(place)
                return type(self)(self._file)
            self._file.seek(place + 1)
        return None


def _find(file: Any, wanted: bytes) -> int | None:
    """Return where these bytes come next in a file, from its place on."""
    start, kept = file.tell(), b""
    while part := file.read(_BUFFER):
        found = (kept + part).find(wanted)
        if found >= 0:
            return int(start + found)
        joined = kept + part
        kept = joined[-len(wanted) + 1 :]
        start += len(joined) - len(kept)
    return None


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
