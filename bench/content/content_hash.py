"""Print one digest of what extraction makes of every development page: the same before and after a change that only
moves or renames code.

    python -m bench.content.content_hash [--pages FILE]     # FILE: a digest for each page, to find those that differ
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from pagemill.extraction import extract

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDERS = ("wcxb-dev/html", "reading/html")


def digest(path: Path) -> str:
    """The digest of all that is made of one page."""
    made = extract(gzip.decompress(path.read_bytes()), "https://example.com/page")
    described = list(dataclasses.asdict(made.metadata).values())
    parts = (made.html, made.cleaned_html, made.markdown, made.quality, made.links, made.images, described)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path)
    options = parser.parse_args()
    paths = [path for folder in FOLDERS for path in sorted((DATA / folder).glob("*.gz"))]
    with ProcessPoolExecutor() as pool:
        digests = {path.name: found for path, found in zip(paths, pool.map(digest, paths, chunksize=20), strict=True)}
    if options.pages:
        options.pages.write_text(json.dumps(digests, indent=0) + "\n")
    total = hashlib.sha256("".join(name + found for name, found in digests.items()).encode()).hexdigest()
    print(f"{len(digests)} pages {total}")


if __name__ == "__main__":
    main()
