"""Measures what hostile pages cost: CPU time and memory at three sizes each, all of extraction included.

    python -m bench.content.hostile           # print the table
    python -m bench.content.hostile --write   # and put it into bench/README.md

Each page is read by a process of its own, so that the memory is that of the one page.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

from bench.readme import write_section

MEGABYTES = (2, 10, 50)
DEPTHS = (10_000, 100_000, 1_000_000)
_PROSE = b"<div class=x><p>Some <b>words</b> of text, and <a href=/there>a link</a> to more of them.</p></div>"
# What a page is made of, over and over, until it has the size.
BY_SIZE = {
    "prose": _PROSE,
    "paragraphs of a word": b"<p>word</p>",
    "inline elements of a letter": b"<b>x</b> ",
    "text without markup": b"word ",
    "one tag's attributes": b"a=b ",
    "broken encodings and NULs": b"<p>\xff\xfe\x00\xc3\x28 \xed\xa0\x80</p>",
    "comments": b"<!-- x -->",
}
BY_DEPTH = {
    "nested blocks": b"<div>",
    "nested inline elements": b"<i>",
    "nested lists": b"<ul><li>",
    "nested tables": b"<table><tr><td>",
}

_HEADING = """## Hostile pages

`python -m bench.content.hostile`: CPU time and peak memory of a process that makes everything of one page, without the
limits that the service sets (10 MB a page, 1 GB and 20 s for its extraction, see the settings)."""


def page(name: str, size: int) -> bytes:
    """The hostile page of a kind: `size` in bytes, or in levels of nesting."""
    if name in BY_DEPTH:
        return BY_DEPTH[name] * size + b"text"
    piece = BY_SIZE[name]
    body = piece * (size // len(piece))
    return b"<p " + body + b">text" if name == "one tag's attributes" else body


def measure(name: str, size: int) -> None:
    """Read one page in this process, and print its seconds and megabytes."""
    from pagemill.extraction import extract

    extract(b"<p>Loads what is loaded once.</p>", "https://example.org/")
    html = page(name, size)
    begin = time.process_time()
    extract(html, "https://example.org/")
    seconds = time.process_time() - begin
    print(json.dumps((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))


def row(name: str, sizes: tuple[int, ...]) -> str:
    """One kind of page at all sizes, as a row of the table."""
    cells = []
    for size in sizes:
        command = [sys.executable, "-m", "bench.content.hostile", "--only", name, "--size", str(size)]
        seconds, megabytes = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        cells.append(f"{seconds:.2f} s, {megabytes:.0f} MB")
    return f"| {name} | {' | '.join(cells)} |"


def table() -> str:
    """All kinds at all sizes."""
    lines = [f"| page of | {' | '.join(f'{size} MB' for size in MEGABYTES)} |", "|---|--:|--:|--:|"]
    lines += [row(name, tuple(size * 1_000_000 for size in MEGABYTES)) for name in BY_SIZE]
    lines += ["", f"| page of | {' | '.join(f'{depth:,} levels' for depth in DEPTHS)} |", "|---|--:|--:|--:|"]
    lines += [row(name, DEPTHS) for name in BY_DEPTH]
    return "\n".join(lines)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", choices=(*BY_SIZE, *BY_DEPTH), help="read one page here")
    parser.add_argument("--size", type=int, default=0)
    options = parser.parse_args()
    if options.only:
        measure(options.only, options.size)
        return
    text = table()
    print(text)
    if options.write:
        write_section("hostile", f"{_HEADING}\n\n{text}")


if __name__ == "__main__":
    main()
