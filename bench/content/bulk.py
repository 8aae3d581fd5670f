"""Measures `pagemill extract` on a WARC file made of WCXB's pages, and the memory that a long run takes.

python -m bench.content.bulk                      # print the tables
python -m bench.content.bulk --write              # and put them into bench/README.md
python -m bench.content.bulk --peers PYTHON       # also trafilatura, resiliparse and datatrove's default
                                                  # extractor, with fastwarc, of this Python
python -m bench.content.bulk --ray PYTHON         # also Ray Data with one actor, of this Python with pagemill[ray]
python -m bench.content.bulk --records 500 --long 20000
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.readme import write_section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "wcxb-dev" / "html"
_LARGEST_OF_LONG_RUN = 60_000
_PAGES_OF_LONG_RUN = 200
_SAMPLE_SECONDS = 1.0
_MEGABYTE = 1_000_000
_QUARTERS = 4

_HEADING = """## Archives and tables

`python -m bench.content.bulk`: `pagemill extract` of a WARC file (gzip, a member a record) of {records} pages of WCXB,
{size:.0f} KB on average, to Parquet with the default columns. CPU is that of all its processes, with reading, writing
and start-up. The others read the same file by fastwarc, in one process without limits, and make Markdown (trafilatura)
or plain text (resiliparse).

Two cores, with a load of {load:.0f} at the end; the more that is above what the programs take, the less the time that
passed says. *Pages a second a core* is pages by CPU time. Ray's time has its start in it, which a long run does not
notice; what its processes take of the CPU is not known, as they are not children of the program.
"""
_MEMORY = """
A run over {records:,} records of small pages in 2 processes: the most memory of all its processes was, in each quarter
of its time, {memory}; of the command's own process, {own}."""

_PEER = """
import sys, time
from fastwarc.warc import ArchiveIterator, WarcRecordType
name, file = sys.argv[1:]
if name == "trafilatura":
    import trafilatura
    def extract(html):
        return trafilatura.extract(html, output_format="markdown", with_metadata=True)
elif name == "datatrove":
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.extractors.base import ExtractorSandbox
    step = Trafilatura(timeout=30)
    sandbox = ExtractorSandbox(timeout=30).__enter__()
    def extract(html):
        return sandbox.process_document(html.decode("utf-8", "replace"), step.extract)
else:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    def extract(html):
        return extract_plain_text(bytes_to_str(html, detect_encoding(html)), main_content=True)
for record in ArchiveIterator(open(file, "rb"), record_types=WarcRecordType.response):
    extract(record.reader.read())
"""

_PEERS = ("trafilatura", "resiliparse", "datatrove")
_RAY_NAME = "Ray Data, 1 actor"
_RAY = """
import sys
import pyarrow as pa
import ray
from fastwarc.warc import ArchiveIterator, WarcRecordType
from pagemill.bulk.ray import Extract
file, folder = sys.argv[1:]
ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
rows = [
    {"url": record.headers["WARC-Target-URI"], "html": record.reader.read()}
    for record in ArchiveIterator(open(file, "rb"), record_types=WarcRecordType.response)
]
ray.data.from_arrow(pa.Table.from_pylist(rows)).map_batches(
    Extract, batch_format="pyarrow", batch_size=16, concurrency=1
).write_parquet(folder)
"""


@dataclass(frozen=True, slots=True)
class _Measured:
    name: str
    pages: int
    size: int
    seconds: float
    cpu: float

    def row(self) -> str:
        passed = f"| {self.name} | {self.pages / self.seconds:.1f} | {self.size / self.seconds / _MEGABYTE:.1f} "
        if self.name == _RAY_NAME:
            return f"{passed}| | | |"
        by_cpu = self.pages / self.cpu
        return f"{passed}| {1000 * self.cpu / self.pages:.1f} | {by_cpu:.1f} | {self.size / self.cpu / _MEGABYTE:.1f} |"


def main() -> None:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--long", type=int, default=20_000, help="records of the run whose memory is measured; 0: none")
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--ray", metavar="PYTHON")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        text = _measure(Path(name), arguments)
    print(text)
    if arguments.write:
        write_section("bulk", text)


def _measure(folder: Path, arguments: argparse.Namespace) -> str:
    pages = [gzip.decompress(file.read_bytes()) for file in sorted(DATA.iterdir())[: arguments.records]]
    file = folder / "pages.warc.gz"
    size = _write_warc(file, pages, arguments.records)
    heading = _HEADING.format(records=arguments.records, size=size / arguments.records / 1000, load=os.getloadavg()[0])
    rows = [
        "| | pages a second | MB a second | CPU ms a page | pages a second a core | MB a second a core |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    commands = [(f"pagemill extract, {n} process{'es' * (n > 1)}", _command(file, folder, n)) for n in (1, 2)]
    if arguments.peers:
        commands += [(name, [arguments.peers, "-c", _PEER, name, str(file)]) for name in _PEERS]
    if arguments.ray:
        commands.append((_RAY_NAME, [arguments.ray, "-c", _RAY, str(file), str(folder / "ray")]))
    for name, command in commands:
        rows.append(_timed(name, command, arguments.records, size).row())
        print(rows[-1], flush=True)
    return heading + "\n" + "\n".join(rows) + (_long_run(folder, pages, arguments.long) if arguments.long else "")


def _command(file: Path, folder: Path, processes: int) -> list[str]:
    output = str(folder / f"{processes}.parquet")
    words = ("extract", str(file), "-o", output, "--processes", str(processes))
    return [sys.executable, "-m", "pagemill", *words]


def _timed(name: str, command: Sequence[str], pages: int, size: int) -> _Measured:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _Measured(name, pages, size, seconds, cpu)


def _long_run(folder: Path, pages: Iterable[bytes], records: int) -> str:
    small = [page for page in pages if len(page) <= _LARGEST_OF_LONG_RUN][:_PAGES_OF_LONG_RUN]
    file = folder / "long.warc.gz"
    _write_warc(file, small, records)
    samples: list[tuple[int, int]] = []
    with subprocess.Popen(_command(file, folder, 2), stderr=subprocess.PIPE, text=True) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                alone = watched.memory_info().rss
                samples.append((alone, alone + sum(child.memory_info().rss for child in watched.children())))
            except psutil.Error:
                pass
            time.sleep(_SAMPLE_SECONDS)
        print(process.stderr.read() if process.stderr else "", flush=True)
    length = max(len(samples) // _QUARTERS, 1)
    quarters = [samples[start : start + length] for start in range(0, length * _QUARTERS, length)]
    own, whole = (
        ", ".join(f"{max(sample[which] for sample in quarter) / _MEGABYTE:.0f} MB" for quarter in quarters if quarter)
        for which in (0, 1)
    )
    return "\n" + _MEMORY.format(records=records, memory=whole, own=own)


def _write_warc(path: Path, pages: Sequence[bytes], records: int) -> int:
    """Write so many records, with URLs of their own. Return the bytes of their pages."""
    size = 0
    with path.open("wb") as file:
        for number, page in zip(range(records), itertools.cycle(pages), strict=False):
            block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://site{number % 97}.example/{number}\r\n"
                f"WARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:{number:032x}>\r\n"
                f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
            )
            file.write(gzip.compress(head.encode() + block + b"\r\n\r\n", 1))
            size += len(page)
    return size


if __name__ == "__main__":
    main()
