from __future__ import annotations

import numpy as np
from turbohtml import parse

from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features import label_encoding, repetition
from pagemill.extraction.choosing.features.element_markup import Markup, distinct_markup
from pagemill.extraction.choosing.features.tree_arrays import TreeArrays


def test_cards_are_a_group_and_their_parts_a_smaller_one():
    card = "<div class=card><h2>a name</h2><p class=x>one</p><p class=x>two</p><p class=x>three more words</p></div>"
    body = parse(f"<main>{card * 3}<div class=other>alone</div></main>").select_one("body")
    assert body is not None
    flat = blocks.split(body)
    assert flat is not None
    tree = TreeArrays(flat)
    distinct, indices = distinct_markup(flat)
    labels = repetition.template_labels(distinct)[indices]
    words = (tree.block_end - tree.block_begin).astype(np.float64)
    found = repetition.find_groups(tree, labels, np.stack([words]))
    outermost, innermost, largest = repetition.repeated_ancestors(tree, found)
    last = len(flat.tags) - 2
    assert flat.classes[last] == "x"
    assert flat.classes[outermost[last]] == "card"
    assert innermost[last] == last
    assert flat.classes[largest[last]] == "card"
    assert found.size[found.group[last]] == 3
    assert outermost[-1] == innermost[-1] == largest[-1] == -1


def test_digits_and_ids_do_not_change_the_template():
    labels = repetition.template_labels(
        [
            Markup("div", "post post-17", "p17", ""),
            Markup("div", "post post-2048", "p2048", "article"),
            Markup("div", "post", "", ""),
            Markup("p", "post post-17", "", ""),
        ]
    )
    assert labels.tolist() == [0, 0, 1, 2]


def test_items_are_encoded_in_order_of_first_occurrence():
    found, indices = label_encoding.factorize("abcab")
    assert found == ["a", "b", "c"]
    assert indices.tolist() == [0, 1, 2, 0, 1]
