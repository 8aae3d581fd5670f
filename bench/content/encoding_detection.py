"""Measures how well the encoding of pages is found that declare none.

Texts are written as pages of 300, 3,000 and 30,000 bytes in 27 encodings. They are paragraphs of the shared pages in
languages that have eight pages there, and Django's translations in others. A page counts as read where at least 99 % of
its characters come back.

    pip install django chardet charset-normalizer chardetng-py faust-cchardet
    python -m bench.content.encoding_detection            # print the table
    python -m bench.content.encoding_detection --write    # and put it into bench/README.md
"""

from __future__ import annotations

import argparse
import codecs
import gettext
import gzip
import importlib
import importlib.util
import random
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import turbohtml
from turbohtml.detect import detect

from bench.readme import write_section
from pagemill.extraction.reading import encoding

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (300, 3_000, 30_000)
ENCODINGS = (
    *(("gbk", "zh_Hans"), ("gb18030", "zh_Hans"), ("big5", "zh_Hant"), ("shift_jis", "ja"), ("euc_jp", "ja")),
    *(("iso2022_jp", "ja"), ("euc_kr", "ko"), ("koi8_r", "ru"), ("koi8_u", "uk"), ("cp1250", "pl")),
    *(("cp1251", "ru"), ("cp1252", "fr"), ("cp1253", "el"), ("cp1254", "tr"), ("cp1255", "he")),
    *(("cp1256", "ar"), ("cp1257", "lt"), ("iso8859_2", "cs"), ("cp874", "th"), ("utf_8", "de")),
    *(("cp1258", "vi"), ("cp866", "ru"), ("iso8859_4", "lv"), ("iso8859_5", "ru"), ("iso8859_6", "ar")),
    *(("iso8859_7", "el"), ("iso8859_8", "he")),
)
_PAGES = 8
_MIN_RIGHT = 0.99
_MIN_LENGTH = 40
_HEADING = """## Encodings

`python -m bench.content.encoding_detection`: {pages} pages for each of {encodings} encodings and each size, with no
encoding declared. Their text is of shared pages in {real}, and of Django's translations in the other languages.
*Read* is the share of which at least 99 % of the characters come back; the time is the median for a page."""


def page_texts() -> dict[str, list[str]]:
    """Return the paragraphs of the shared pages, by language, where enough pages are in it."""
    found: dict[str, list[list[str]]] = {}
    for file in sorted((Path(__file__).parents[3] / "shared/data/reading/html").glob("*.html.gz")):
        body = gzip.decompress(file.read_bytes())
        try:
            tree = turbohtml.parse(body.decode())
        except UnicodeDecodeError:
            continue
        root = tree.select_one("html[lang]")
        language = (root.attr("lang") or "" if root is not None else "").lower()
        name = {"zh-tw": "zh_Hant", "zh-hk": "zh_Hant"}.get(language, language[:2].replace("zh", "zh_Hans"))
        texts = [" ".join(part.text.split()) for part in tree.select("p")]
        found.setdefault(name, []).append([text for text in texts if len(text) > _MIN_LENGTH])
    return {
        language: sorted({text for texts in pages for text in texts})
        for language, pages in found.items()
        if len(pages) >= _PAGES
    }


def sentences(language: str) -> list[str]:
    """Return the translated texts of a language."""
    found = importlib.util.find_spec("django")
    if found is None or found.origin is None:
        raise SystemExit("Django is not installed: its translations are the text of the pages.")
    file = Path(found.origin).parent / "conf" / "locale" / language / "LC_MESSAGES" / "django.mo"
    with file.open("rb") as stream:
        catalog: dict[Any, str] = vars(gettext.GNUTranslations(stream))["_catalog"]
    return sorted({text for key, text in catalog.items() if key and text != key})


def page(texts: list[str], codec: str, size: int, seed: int) -> bytes:
    """Return a page of about `size` bytes."""
    order = random.Random(seed)
    parts = ["<!doctype html><html><head><title>", order.choice(texts), "</title></head><body>"]
    length = 0
    while length < size:
        part = f"<p>{order.choice(texts)}</p>\n"
        parts.append(part)
        length += len(part.encode(codec, "ignore"))
    return "".join(parts).encode(codec, "ignore")


def detectors() -> dict[str, Callable[[bytes], str | None]]:
    """Return the detectors that are installed, by name."""
    found: dict[str, Callable[[bytes], str | None]] = {
        "Pagemill (turbohtml, on a sample)": lambda body: f"whatwg-{encoding.checked(body, None)}",
        "turbohtml": lambda body: detect(body).codec,
    }
    modules = (("chardet", "chardet"), ("charset-normalizer", "charset_normalizer"), ("faust-cchardet", "cchardet"))
    for name, module in modules:
        if importlib.util.find_spec(module) is not None:
            found[name] = partial(_guess_of, importlib.import_module(module))
    if importlib.util.find_spec("chardetng_py") is not None:
        chardetng = importlib.import_module("chardetng_py")
        found["chardetng-py"] = chardetng.detect
    return found


def _guess_of(library: Any, body: bytes) -> str | None:
    guess: str | None = library.detect(body)["encoding"]
    return guess


def is_read(body: bytes, codec: str, guess: str | None) -> bool:
    """Whether the guess gives the characters that were written."""
    expected = body.decode(codec)
    try:
        codecs.lookup(guess or "utf-8")
        got = body.decode(guess or "utf-8", "replace")
    except LookupError:
        return False
    wrong = sum(a != b for a, b in zip(expected, got, strict=False)) + abs(len(expected) - len(got))
    return wrong <= (1 - _MIN_RIGHT) * len(expected)


def table() -> str:
    """Measure, and return the section of the README."""
    real = page_texts()
    texts = {language: real.get(language) or sentences(language) for _, language in ENCODINGS}
    lines = ["| detector | " + " | ".join(f"read, {size:,} bytes | time" for size in SIZES) + " |"]
    lines.append("|---|" + "--:|--:|" * len(SIZES))
    for name, guess in detectors().items():
        cells = []
        for size in SIZES:
            right, times, missed = 0, [], []
            for codec, language in ENCODINGS:
                for seed in range(_PAGES):
                    body = page(texts[language], codec, size, seed)
                    start = time.perf_counter()
                    found = guess(body)
                    times.append(time.perf_counter() - start)
                    if is_read(body, codec, found):
                        right += 1
                    else:
                        missed.append(f"{codec} as {found}")
            print(name, size, {miss: missed.count(miss) for miss in sorted(set(missed))})
            cells.append(f"{right / (_PAGES * len(ENCODINGS)):.3f} | {1000 * median(times):.2f} ms")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    languages = ", ".join(sorted(real.keys() & texts.keys()))
    return _HEADING.format(pages=_PAGES, encodings=len(ENCODINGS), real=languages) + "\n\n" + "\n".join(lines)


def main() -> None:
    """Print the table, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    arguments = parser.parse_args()
    section = table()
    print(section)
    if arguments.write:
        write_section("encodings", section)


if __name__ == "__main__":
    main()
