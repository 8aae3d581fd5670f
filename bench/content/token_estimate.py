"""Compares the estimate of tokens with tokenizers, on the Markdown of the shared pages and on Django's translations.

    pip install django tiktoken
    python -m bench.content.token_estimate

tiktoken downloads its tokenizers, or reads them from the folder that TIKTOKEN_CACHE_DIR names.
"""

from __future__ import annotations

import gzip
import importlib
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench.content.encoding_detection import sentences
from pagemill.extraction import extract
from pagemill.extraction.postprocessing.token_estimate import tokens

TOKENIZERS = ("o200k_base", "cl100k_base")
SHARED = Path(__file__).parents[3] / "shared/data"
LANGUAGES = (
    *("en_GB", "de", "fr", "es", "pl", "cs", "tr", "fi", "vi", "ru", "uk", "el", "he", "ar", "hi", "bn", "te", "th"),
    *("km", "my", "ka", "hy", "ja", "ko", "zh_Hans", "zh_Hant"),
)
_MIN_LENGTH, _MAX_LENGTH = 300, 40_000


def pages() -> list[str]:
    """Return the Markdown of some of the shared pages."""
    reading = sorted((SHARED / "reading/html").glob("*.html.gz"))[::3]
    wcxb = sorted((SHARED / "wcxb-dev/html").glob("*.html.gz"))[::20]
    made = (extract(gzip.decompress(file.read_bytes()), "https://example.com/").markdown for file in reading + wcxb)
    return [text[:_MAX_LENGTH] for text in made if len(text) > _MIN_LENGTH]


def main() -> None:
    """Print the table."""
    tiktoken: Any = importlib.import_module("tiktoken")
    counters = [tiktoken.get_encoding(name) for name in TOKENIZERS]

    def ratio(text: str, counter: Any) -> float:
        return tokens(text) / len(counter.encode(text, disallowed_special=()))

    texts = pages()
    print("| text | " + " | ".join(TOKENIZERS) + " |")
    print("|---|" + "--:|" * len(TOKENIZERS))
    cells = []
    for counter in counters:
        found = quantiles((ratio(text, counter) for text in texts), n=20)
        cells.append(f"{found[0]:.2f}, {found[9]:.2f}, {found[-1]:.2f}")
    print(f"| {len(texts)} pages | " + " | ".join(cells) + " |")
    for language in LANGUAGES:
        text = "\n\n".join(sentences(language))
        print(f"| {language} | " + " | ".join(f"{ratio(text, counter):.2f}" for counter in counters) + " |")


if __name__ == "__main__":
    main()
