"""Archives and tables, damaged: whatever they hold, reading gives records, within the limit."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from hypothesis import strategies as st

from pagemill.bulk.inputs.limits import ReadingLimits
from pagemill.bulk.inputs.reading import records_of
from pagemill.bulk.inputs.source import expand
from pagemill.errors import UsageError
from tests.bulk.warc_file import article, compressed, response
from tests.fuzz.mutations import mutated

_LARGEST = 20_000
_PAGE = article(1)
_CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_PAGE), _PAGE)
_RECORDS = [
    response("http://a/", _PAGE),
    response("http://b/", gzip.compress(_PAGE), Content_Encoding="gzip"),
    response("http://c/", zstandard.compress(_PAGE), Content_Encoding="zstd"),
    response("http://d/", brotli.compress(_PAGE), Content_Encoding="br"),
    response("http://e/", _CHUNKED, Transfer_Encoding="chunked"),
]
_WARC_TOKENS = (b"\r\n", b"WARC/1.0\r\n", b"Content-Length: -1\r\n", b"9" * 30, b"\x1f\x8b", b"HTTP/1.1 ")


def _zip() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.html", _PAGE)
        archive.writestr("archive/a.warc", _RECORDS[0])
    return sink.getvalue()


def _tar() -> bytes:
    sink, member = io.BytesIO(), tarfile.TarInfo("a.html")
    member.size = len(_PAGE)
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(member, io.BytesIO(_PAGE))
    return sink.getvalue()


def _parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"url": ["http://a/"], "html": [_PAGE]}), sink)
    return sink.getvalue()


_FILES = {
    ".warc": mutated([b"".join(_RECORDS)], _WARC_TOKENS),
    ".warc.gz": mutated([compressed(*_RECORDS)]),
    ".zip": mutated([_zip()]),
    ".wacz": mutated([_zip()]),
    ".tar": mutated([_tar()]),
    ".parquet": mutated([_parquet()]),
    ".jsonl": mutated([b'{"url": "http://a/", "html": "<p>a"}\n{"html": 1}\n'], (b"\n", b"{", b'"html":', b"\\ud800")),
}
INPUTS = st.one_of(*(st.tuples(st.just(suffix), body) for suffix, body in _FILES.items()))


def read(given: tuple[str, bytes]) -> None:
    """Read an archive. Parquet may lose the name of its column, which is a usage error."""
    suffix, body = given
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"x{suffix}")
        path.write_bytes(body)
        [source] = expand([path], None)
        try:
            for record in records_of(source, ReadingLimits(_LARGEST)):
                assert len(record.body) <= _LARGEST
                assert record.failure is None or not record.body
        except UsageError:
            assert suffix == ".parquet"
