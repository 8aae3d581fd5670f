from __future__ import annotations

import numpy as np
from turbohtml import parse

from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features import numbering, repetition
from pagemill.extraction.choosing.features.element_markup import Markup, markup
from pagemill.extraction.choosing.features.tree_arrays import Layout


def test_cards_are_a_group_and_their_parts_a_smaller_one():
    card = "<div class=card><h2>a name</h2><p class=x>one</p><p class=x>two</p><p class=x>three more words</p></div>"
    body = parse(f"<main>{card * 3}<div class=other>alone</div></main>").select_one("body")
    assert body is not None
    flat = blocks.split(body)
    assert flat is not None
    layout = Layout(flat)
    distinct, places = markup(flat)
    labels = repetition.look(distinct)[places]
    words = (layout.block_end - layout.block_begin).astype(np.float64)
    found = repetition.find(layout, labels, np.stack([words]))
    outermost, innermost, largest = repetition.around(layout, found)
    last = len(flat.tags) - 2
    assert flat.classes[last] == "x"
    assert flat.classes[outermost[last]] == "card"
    assert innermost[last] == last
    assert flat.classes[largest[last]] == "card"
    assert found.size[found.group[last]] == 3
    assert outermost[-1] == innermost[-1] == largest[-1] == -1


def test_what_pages_number_looks_alike():
    looks = repetition.look(
        [
            Markup("div", "post post-17", "p17", ""),
            Markup("div", "post post-2048", "p2048", "article"),
            Markup("div", "post", "", ""),
            Markup("p", "post post-17", "", ""),
        ]
    )
    assert looks.tolist() == [0, 0, 1, 2]


def test_items_are_numbered_in_the_order_of_their_first_occurrence():
    found, places = numbering.distinct("abcab")
    assert found == ["a", "b", "c"]
    assert places.tolist() == [0, 1, 2, 0, 1]
