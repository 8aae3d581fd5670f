"""The features of every block: what it is, where it stands, what surrounds it, and what page it is on.

A feature is a row with a value for each block, so a page's features are an array of (features, blocks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pagemill.extraction.choosing.features import main_container, numbering, repetition, text_statistics
from pagemill.extraction.choosing.features.element_markup import markup
from pagemill.extraction.choosing.features.tree_arrays import Layout
from pagemill.extraction.choosing.features.vocabulary import PLACES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.features.vocabulary import Vocabulary

    Rows = dict[str, NDArray[np.float64]]

# The order is part of the model: a tag's place is its value as a feature.
TAGS = (
    *("?", "body", "div", "p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "tr", "dt", "dd", "pre"),
    *(
        "blockquote",
        "figcaption",
        "button",
        "summary",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "nav",
        "aside",
    ),
    *("form", "ul", "ol", "dl", "table", "figure", "noscript", "fieldset", "details", "tbody", "center", "address"),
    *("caption", "legend", "dialog", "hgroup"),
)
_TAG = {tag: number for number, tag in enumerate(TAGS)}
_IS_HEADING = np.isin(TAGS, [f"h{level}" for level in range(1, 7)])
_IS_LIST = np.isin(TAGS, ["ul", "ol"])

AREAS = ("nav", "header", "footer", "main", "article", "aside", "table", "form", "section", "button")
LEVELS = ("own", "parent", "grandparent", "third", "fourth")
GROUPS = ("outer", "inner", "largest")

PAGE_FIGURES = [
    *("page_words", "page_blocks", "page_link_density", "page_good", "page_paragraph_words", "page_sentences"),
    *("page_headings", "page_inputs", "page_images", "page_longest", "core50_share", "core80_share"),
    *("page_group_size", "page_group_share", "page_group_words", "page_group_link_density"),
]
"""The features that say most of a whole page."""

HIDDEN = (
    '[hidden], [aria-hidden="true"], [style*="display:none"], [style*="display: none"], '
    '[style*="visibility:hidden"], [style*="visibility: hidden"]'
)


class Features(NamedTuple):
    """What is known of a page's blocks."""

    rows: Rows
    """The features, by name."""
    looks: NDArray[np.int64]
    """The same number, from 0, for the blocks whose elements and all around them look alike (see `groups.look`)."""
    near_looks: NDArray[np.int64]
    """Likewise where the elements and the three around them do, however deep they stand."""


def compute(blocks: Blocks, hidden: NDArray[np.float64], url: str, vocabulary: Vocabulary) -> Features:
    """Compute the features of a page of at least one block.

    `hidden`: 1 for each element that is marked as not shown, 0 for the others.
    """
    page = _Page(blocks, hidden, url, vocabulary)
    return Features(page.rows, page.looks, page.near_looks)


def stack(rows: Rows, names: list[str]) -> NDArray[np.float32]:
    """Return the named features as one array of (features, blocks)."""
    values = np.concatenate([rows[name] for name in names], dtype=np.float32, casting="same_kind")
    return values.reshape(len(names), -1)


class _Page:
    """One page's features, computed part by part; each part adds its rows."""

    def __init__(self, blocks: Blocks, hidden: NDArray[np.float64], url: str, vocabulary: Vocabulary) -> None:
        self.rows: Rows = {}
        self.flat = blocks
        self.layout = Layout(blocks)
        self.letters = text_statistics.count(blocks)
        self.markup, self.marked = markup(blocks)
        self.tags = np.array([_TAG.get(element.tag, 0) for element in self.markup])[self.marked]
        self.own_tag = self.tags[self.layout.owner]
        self.place = np.arange(self.layout.blocks, dtype=np.float64)
        self.words = self.letters.words
        self.total = max(float(self.words.sum()), 1.0)
        self.before = np.concatenate([[0.0], np.cumsum(self.words)])
        self._areas(hidden, vocabulary)
        self.good = main_container.good_words(self.words, self.rows["said"])
        self.good_total = float(self.good.sum())
        self._block()
        self._levels()
        self._repetition()
        self._paths()
        self._neighbours()
        self._headings()
        self._whole(url)

    def _areas(self, hidden: NDArray[np.float64], vocabulary: Vocabulary) -> None:
        """Add how many elements of each area stand around a block, and what classes and the like say of it."""
        self.areas = np.array([self.tags == _TAG[area] for area in AREAS], np.float64)
        lists = _IS_LIST[self.tags]
        own, near, path = vocabulary.weigh(self.markup)[:, self.marked]
        around = self.layout.path_sum(np.vstack([self.areas, lists, hidden, path]))[:, self.layout.owner]
        parent = self.layout.parent[self.layout.owner]
        said = np.stack([own[self.layout.owner], near[parent] + near[self.layout.parent[parent]], around[-1]])
        names = [*(f"in_{area}" for area in AREAS), "in_list", "in_hidden"]
        self.rows.update(zip(names, around[:-1], strict=True))
        self.rows.update(zip((f"said_{place}" for place in PLACES), said, strict=True))
        self.rows["said"] = vocabulary.log_odds(said)

    def _block(self) -> None:
        """Add what the block's own text says."""
        text, rows = self.letters, self.rows
        count = self.layout.blocks
        self.link_density = text.linked_words / np.maximum(self.words, 1)
        order = np.arange(count)
        numbers, copies = numbering.number(text.key)
        by_key = np.argsort(numbers, kind="stable")
        first = np.cumsum(copies) - copies
        earlier = np.empty(count)
        earlier[by_key] = order - first[numbers[by_key]]
        self.copied = earlier
        rows.update(
            words=self.words,
            link_density=self.link_density,
            characters=text.characters,
            letter_share=text.letters / text.characters,
            symbol_share=text.symbols / text.characters,
            stops=text.stops,
            commas=text.commas,
            ends_sentence=text.ends_sentence,
            tag=self.own_tag,
            parent_tag=self.tags[self.layout.parent[self.layout.owner]],
            copies=copies[numbers].astype(np.float64),
            earlier_copies=earlier,
            place=self.place / count,
            places_left=count - self.place,
            words_before=self.before[:-1] / self.total,
            good_before=(np.cumsum(self.good) - self.good) / self.good_total,
        )

    def _levels(self) -> None:
        """Add sums over the subtrees of the five elements around a block."""
        layout, text = self.layout, self.letters
        sums = np.stack([self.words, text.linked_words, self.good, text.stops, text.money, text.ends_sentence])
        self.below = words, linked, good, stops, money, ends = layout.subtree(sums)
        some_words = np.maximum(words, 1)
        count = (layout.block_end - layout.block_begin).astype(np.float64)
        self.count, some_blocks = count, np.maximum(count, 1)
        children = np.bincount(layout.parent, minlength=layout.elements).astype(np.float64)
        marks = layout.subtree_of_elements(
            np.array([np.bincount(held, minlength=layout.elements) for held in self.flat.marks.values()], np.float64)
        )
        self.marks = dict(zip(self.flat.marks, marks, strict=True))
        self.element_link_density = linked / some_words
        table = {
            "link_density": self.element_link_density,
            "words": words,
            "share": words / self.total,
            "good": good / some_words,
            "good_share": good / self.good_total,
            "words_a_block": words / some_blocks,
            "stops": stops / some_words,
            "money": money / some_blocks,
            "sentences": ends / some_blocks,
            "blocks": count,
            "children": children,
            "inputs": self.marks["input"],
            "images": self.marks["img"],
        }
        stacked = np.stack(list(table.values()))
        element = layout.owner
        for level in LEVELS:
            self.rows.update(zip((f"{level}_{name}" for name in table), stacked[:, element], strict=True))
            element = layout.parent[element]

    def _repetition(self) -> None:
        """Add how often the block's place, and the elements around it, occur on the page."""
        layout, rows, owner = self.layout, self.rows, self.layout.owner
        # An identifier sets an element apart: it does not belong to those that repeat.
        labels = numbering.label([element[:3] for element in self.markup])[self.marked]
        self.path = layout.path_key(labels)
        for name, (number, count) in (
            ("tag_path", numbering.number(layout.path_key(self.tags)[owner])),
            ("class_path", numbering.number(self.path[owner])),
        ):
            words, linked, ends = (
                np.bincount(number, values)
                for values in (self.words, self.letters.linked_words, self.letters.ends_sentence)
            )
            rows[f"{name}_share"] = (words / self.total)[number]
            rows[f"{name}_blocks"] = count[number].astype(np.float64)
            rows[f"{name}_link_density"] = (linked / np.maximum(words, 1))[number]
            rows[f"{name}_words"] = (words / count)[number]
            rows[f"{name}_sentences"] = (ends / count)[number]
        number, count = numbering.number(self.path)
        self.repeats = count[number].astype(np.float64)
        parent = layout.parent[owner]
        rows["parent_repeats"] = self.repeats[parent]
        looks = repetition.look(self.markup)[self.marked]
        self.looks, _ = numbering.number(layout.path_key(looks)[owner])
        self.near_looks, _ = numbering.number(layout.near_key(looks)[owner])
        self._groups(labels)

    def _groups(self, labels: NDArray[np.int64]) -> None:
        """Add what the repeated elements around the block are like."""
        layout, rows, owner = self.layout, self.rows, self.layout.owner
        words, linked, _, _, money, _ = self.below
        found = repetition.find(layout, labels, np.stack([words, linked, money, self.count, self.marks["img"]]))
        rows["own_siblings"] = found.size[found.group[owner]]
        group_words = np.where(found.repeated, found.totals[0][found.group], 0.0)
        most = max(float(group_words.max()), 1.0)
        size = found.size
        table = np.stack(
            [
                size,
                found.totals[0] / size,
                found.totals[0] / self.total,
                found.totals[0] / most,
                found.totals[1] / np.maximum(found.totals[0], 1),
                found.totals[2] / size,
                found.totals[3] / size,
                found.totals[4] / size,
            ]
        )
        names = ("size", "words", "share", "rank", "link_density", "money", "blocks", "images")
        for name, element in zip(GROUPS, repetition.around(layout, found)[:, owner], strict=True):
            inside = element >= 0
            values = np.where(inside, table[:, found.group[element]], 0.0)
            rows.update(zip((f"{name}_group_{what}" for what in names), values, strict=True))
            rows[f"{name}_group_up"] = np.where(inside, layout.depth[owner] - layout.depth[element], -1.0)
        largest = found.group[int(group_words.argmax())]
        values = table[:, largest] if found.repeated.any() else np.zeros(len(names))
        self.largest_group = {f"page_group_{what}": float(value) for what, value in zip(names, values, strict=True)}

    def _paths(self) -> None:
        """Add extremes on the way from the root, and where the block stands relative to the cores and the heading."""
        layout, rows, owner = self.layout, self.rows, self.layout.owner
        h1 = np.flatnonzero((self.own_tag == _TAG["h1"]) | (self.tags[layout.parent[owner]] == _TAG["h1"]))
        self.h1 = int(h1[0]) if len(h1) else -1
        self.cores = main_container.find(layout, self.good)
        points = [*self.cores, int(owner[self.h1]) if self.h1 >= 0 else 0]
        meeting = [np.where(layout.holds(point), layout.depth, -1.0) for point in points]
        path = layout.path_maximum(np.stack([self.element_link_density, self.repeats, *meeting]))[:, owner]
        rows["path_link_density"], rows["path_repeats"] = path[0], path[1]
        for name, point, joint in zip(("core30", "core50", "core80", "h1"), points, path[2:], strict=True):
            rows[f"{name}_up"] = layout.depth[point] - joint
            rows[f"{name}_down"] = layout.depth[owner] - joint
        for name, point in zip(("core30", "core50", "core80"), self.cores, strict=True):
            begin, end = layout.block_begin[point], layout.block_end[point]
            rows[f"{name}_side"] = np.sign(self.place - begin + 0.5) + np.sign(self.place - end + 0.5)
            rows[f"{name}_place"] = np.maximum(self.place - begin, -50.0) / max(int(end - begin), 1)
        if self.h1 < 0:
            rows["h1_up"] = rows["h1_down"] = np.full(layout.blocks, -1.0)

    def _neighbours(self) -> None:
        """Add what stands before and after."""
        rows, count = self.rows, self.layout.blocks
        padded = np.concatenate([[-1.0, -1.0], self.own_tag, [-1.0, -1.0]])
        rows["tag_before"], rows["tag_after"], rows["tag_after_next"] = padded[1:-3], padded[3:-1], padded[4:]
        place = np.arange(count)
        sums = np.zeros((3, count + 1))
        np.cumsum(np.stack([self.words, self.letters.linked_words, self.good]), axis=1, out=sums[:, 1:])
        for radius in (3, 8):
            low, high = np.maximum(place - radius, 0), np.minimum(place + radius + 1, count)
            words, linked, good = sums[:, high] - sums[:, low]
            some = np.maximum(words, 1)
            rows[f"near{radius}_words"] = words / (high - low)
            rows[f"near{radius}_link_density"] = linked / some
            rows[f"near{radius}_good"] = good / some

    def _headings(self) -> None:
        """Add where the block stands relative to headings."""
        rows, count, place = self.rows, self.layout.blocks, np.arange(self.layout.blocks)
        before = self.before[:-1]
        if self.h1 >= 0:
            rows["after_h1"] = np.clip(self.place - self.h1, -60, 400)
            rows["words_after_h1"] = before - before[self.h1]
        else:
            rows["after_h1"], rows["words_after_h1"] = np.full(count, -999.0), np.full(count, -9999.0)
        self.heading = _IS_HEADING[self.own_tag]
        last = np.maximum.accumulate(np.where(self.heading, place, -1))
        following = np.minimum.accumulate(np.where(self.heading, place, count + 50)[::-1])[::-1]
        rows["after_heading"] = self.place - last
        rows["words_after_heading"] = before - before[np.maximum(last, 0)]
        rows["heading_level"] = np.where(last >= 0, self.own_tag[last], 0).astype(np.float64)
        rows["to_heading"] = following - self.place

    def _whole(self, url: str) -> None:
        """Add what is the same for every block of the page."""
        layout, text, count = self.layout, self.letters, self.layout.blocks
        long_first = np.sort(self.words)[::-1]
        address = url.partition("://")[2].partition("/")[2]
        core50, core80 = self.cores[1:]
        children = np.bincount(layout.parent, minlength=layout.elements)
        paragraph = self.own_tag == _TAG["p"]
        areas = dict(zip(AREAS, self.areas.sum(axis=1), strict=True))
        page = {
            "page_words": self.total,
            "page_blocks": count,
            "page_link_density": text.linked_words.sum() / self.total,
            "page_good": self.good_total / self.total,
            "page_words_a_block": self.total / count,
            "page_money": text.money.sum() / count,
            "page_digits": text.digits.sum() / text.characters.sum(),
            "page_paragraphs": paragraph.mean(),
            "page_paragraph_words": self.words[paragraph].sum() / self.total,
            "page_lists": self.rows["in_list"].mean(),
            "page_headings": self.heading.mean(),
            "page_h2": (self.own_tag == _TAG["h2"]).sum(),
            "page_sentences": text.ends_sentence.mean(),
            "page_copies": self.copied.mean(),
            "page_repeats": (self.repeats * (children > 0)).max(),
            "page_longest": long_first[0] / self.total,
            "page_ten_longest": long_first[:10].sum() / self.total,
            "page_longest_good": self.good.max(),
            "page_inputs": self.marks["input"][0],
            "page_images": self.marks["img"][0],
            "page_drawings": self.marks["svg"][0],
            "page_articles": areas["article"],
            "page_mains": areas["main"],
            "page_forms": areas["form"],
            "page_tables": areas["table"],
            "core50_share": self.below[0][core50] / self.total,
            "core80_share": self.below[0][core80] / self.total,
            "core50_depth": layout.depth[core50],
            "core80_depth": layout.depth[core80],
            "core50_tag": self.tags[core50],
            "url_depth": address.rstrip("/").count("/"),
            "url_length": len(address),
            "url_dashes": address.count("-"),
            "url_digits": sum(map(str.isdigit, address)),
            **self.largest_group,
        }
        values = np.array(list(page.values()), np.float64)
        self.rows.update(zip(page, np.repeat(values[:, None], count, axis=1), strict=True))
