"""What a peer's program and the benchmark say to each other; only the standard library, for any Python.

The program gets its URLs as one line of JSON, warms up, prints `ready`, and begins at the next line. It prints how many
pages gave text, and how many words, as a line of JSON. It stays until its input ends, so that its processor time can be
read.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def run(warm_up: Callable[[], object], scrape: Callable[[list[str]], Iterable[str]]) -> None:
    """Serve one turn. `scrape` gives the Markdown of each URL, empty where it failed."""
    urls = json.loads(sys.stdin.readline())
    warm_up()
    print("ready", flush=True)
    sys.stdin.readline()
    words = [len(text.split()) for text in scrape(urls)]
    print(json.dumps({"pages": sum(map(bool, words)), "words": sum(words)}), flush=True)
    sys.stdin.read()
