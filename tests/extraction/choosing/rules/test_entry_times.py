from __future__ import annotations

import numpy as np
from tests.extraction.flat import split

from pagemill.extraction.choosing.rules import entry_times

ENTRY = "<article><header><a href='/1'><time>17.15 <span>GMT</span></time></a></header><p>{}</p></article>".format(
    "word " * 20
)


def selected_times(html: str) -> list[bool]:
    """Whether the time of each entry is selected where all other blocks are."""
    flat = split(html)
    blocks = [
        "".join(s for s, b in zip(flat.strings, flat.text_block, strict=True) if b == block)
        for block in range(len(flat.owner))
    ]
    words = np.array([len(block.split()) for block in blocks], float)
    is_time = np.array([block.startswith("17.15") for block in blocks])
    return [bool(found) for found in entry_times.select(flat, ~is_time, words)[is_time]]


def test_each_entry_keeps_its_time():
    assert selected_times(f"<main>{ENTRY * 3}</main>") == [True] * 3


def test_a_single_time_is_no_entry():
    assert selected_times(f"<main>{ENTRY}<p>More</p></main>") == [False]
