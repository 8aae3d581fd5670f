"""Computes the features of every block: its text, its position, its neighbours and its page.

A feature is a row with a value for each block, so the features of a page are an array of (features, blocks). Feature
names are part of the model: `container50` is the deepest element with half of the expected content words, `content` are
such words, `class_log_odds` is what the vocabulary of class names tells, `place` is a position, and `copies` are blocks
with the same text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pagemill.extraction.choosing.features import (
    label_encoding,
    main_container,
    phrases,
    repetition,
    short_texts,
    text_statistics,
    title_match,
)
from pagemill.extraction.choosing.features.element_markup import distinct_markup
from pagemill.extraction.choosing.features.tree_arrays import TreeArrays
from pagemill.extraction.choosing.features.vocabulary import POSITIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.features.lexicon import Lexicon
    from pagemill.extraction.choosing.features.vocabulary import Vocabulary

    Rows = dict[str, NDArray[np.float64]]

# The order is part of the model: a tag's index is its value as a feature.
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

PAGE_FEATURES = [
    *("page_words", "page_blocks", "page_link_density", "page_content", "page_paragraph_words", "page_sentences"),
    *("page_headings", "page_inputs", "page_images", "page_longest", "container50_share", "container80_share"),
    *("page_group_size", "page_group_share", "page_group_words", "page_group_link_density"),
]
"""The features of the whole page that `Classifier.quality` uses."""

HIDDEN = (
    '[hidden], [aria-hidden="true"], [style*="display:none"], [style*="display: none"], '
    '[style*="visibility:hidden"], [style*="visibility: hidden"]'
)


class Features(NamedTuple):
    """The features of a page's blocks."""

    rows: Rows
    """The features, by name."""
    template_ids: NDArray[np.int64]
    """The same number, from 0, for blocks whose path from the root has the same `repetition.template_labels`."""
    local_template_ids: NDArray[np.int64]
    """The same for blocks whose element and its three nearest ancestors have the same labels, at any depth."""


def compute(blocks: Blocks, hidden: NDArray[np.float64], titles: Sequence[str], lexicon: Lexicon) -> Features:
    """Compute the features of a page of at least one block.

    `hidden`: 1 for each element that is marked as not shown, 0 for the others.
    """
    page = _Page(blocks, hidden, titles, lexicon)
    return Features(page.rows, page.template_ids, page.local_template_ids)


def stack(rows: Rows, names: list[str]) -> NDArray[np.float32]:
    """Return the named features as one array of (features, blocks)."""
    values = np.concatenate([rows[name] for name in names], dtype=np.float32, casting="same_kind")
    return values.reshape(len(names), -1)


def heading_mask(blocks: Blocks) -> NDArray[np.bool_]:
    """Return whether each block stands right in a heading."""
    return _IS_HEADING[np.array([_TAG.get(blocks.tags[owner], 0) for owner in blocks.owner], np.int64)]


class _Page:
    """The features of one page. Each method adds the rows of one group of features."""

    def __init__(self, blocks: Blocks, hidden: NDArray[np.float64], titles: Sequence[str], lexicon: Lexicon) -> None:
        self.rows: Rows = {}
        self.flat = blocks
        self.tree = TreeArrays(blocks)
        self.statistics = text_statistics.count(blocks)
        self.texts = short_texts.read(blocks, self.statistics.characters) if short_texts.WordTable is not None else None
        self.markup, self.markup_index = distinct_markup(blocks)
        self.tags = np.array([_TAG.get(element.tag, 0) for element in self.markup])[self.markup_index]
        self.own_tag = self.tags[self.tree.owner]
        self.position = np.arange(self.tree.block_count, dtype=np.float64)
        self.words = self.statistics.words
        self.word_total = max(float(self.words.sum()), 1.0)
        self.words_before = np.concatenate([[0.0], np.cumsum(self.words)])
        self._areas(hidden, lexicon.class_names)
        self.content_words = main_container.expected_content_words(self.words, self.rows["class_log_odds"])
        self.content_word_total = float(self.content_words.sum())
        self._text()
        self._levels()
        self._repetition()
        self._paths()
        self._context()
        self._heading_positions()
        self._phrases(lexicon)
        self._titles(titles)
        self._page()

    def _areas(self, hidden: NDArray[np.float64], vocabulary: Vocabulary) -> None:
        """Add the number of ancestors of each area, and the log-odds that the vocabulary gives."""
        self.areas = np.array([self.tags == _TAG[area] for area in AREAS], np.float64)
        lists = _IS_LIST[self.tags]
        own, near, path = vocabulary.sum_weights(self.markup)[:, self.markup_index]
        around = self.tree.path_sum(np.vstack([self.areas, lists, hidden, path]))[:, self.tree.owner]
        parent = self.tree.parent[self.tree.owner]
        class_log_odds = np.stack([own[self.tree.owner], near[parent] + near[self.tree.parent[parent]], around[-1]])
        names = [*(f"in_{area}" for area in AREAS), "in_list", "in_hidden"]
        self.rows.update(zip(names, around[:-1], strict=True))
        self.rows.update(zip((f"class_log_odds_{place}" for place in POSITIONS), class_log_odds, strict=True))
        self.rows["class_log_odds"] = vocabulary.log_odds(class_log_odds)

    def _text(self) -> None:
        """Add features of the block's own text."""
        text, rows = self.statistics, self.rows
        count = self.tree.block_count
        self.link_density = text.linked_words / np.maximum(self.words, 1)
        order = np.arange(count)
        labels, copies = label_encoding.encode(text.text_hash)
        by_key = np.argsort(labels, kind="stable")
        first = np.cumsum(copies) - copies
        earlier = np.empty(count)
        earlier[by_key] = order - first[labels[by_key]]
        self.earlier_copies = earlier
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
            parent_tag=self.tags[self.tree.parent[self.tree.owner]],
            copies=copies[labels].astype(np.float64),
            earlier_copies=earlier,
            place=self.position / count,
            places_left=count - self.position,
            words_before=self.words_before[:-1] / self.word_total,
            content_before=(np.cumsum(self.content_words) - self.content_words) / self.content_word_total,
        )

    def _levels(self) -> None:
        """Add sums over the subtrees of the block's five innermost ancestors."""
        tree, text = self.tree, self.statistics
        sums = np.stack([self.words, text.linked_words, self.content_words, text.stops, text.money, text.ends_sentence])
        self.subtree = words, linked, content_words, stops, money, ends = tree.subtree_sum(sums)
        some_words = np.maximum(words, 1)
        count = (tree.block_end - tree.block_begin).astype(np.float64)
        self.count, some_blocks = count, np.maximum(count, 1)
        children = np.bincount(tree.parent, minlength=tree.element_count).astype(np.float64)
        counted_elements = tree.subtree_element_sum(
            np.array(
                [np.bincount(held, minlength=tree.element_count) for held in self.flat.counted_elements.values()],
                np.float64,
            )
        )
        self.counted_elements = dict(zip(self.flat.counted_elements, counted_elements, strict=True))
        self.element_link_density = linked / some_words
        table = {
            "link_density": self.element_link_density,
            "words": words,
            "share": words / self.word_total,
            "content": content_words / some_words,
            "content_share": content_words / self.content_word_total,
            "words_a_block": words / some_blocks,
            "stops": stops / some_words,
            "money": money / some_blocks,
            "sentences": ends / some_blocks,
            "blocks": count,
            "children": children,
            "inputs": self.counted_elements["input"],
            "images": self.counted_elements["img"],
        }
        stacked = np.stack(list(table.values()))
        element = tree.owner
        for level in LEVELS:
            self.rows.update(zip((f"{level}_{name}" for name in table), stacked[:, element], strict=True))
            element = tree.parent[element]

    def _repetition(self) -> None:
        """Add how often the paths of the block and its ancestors occur on the page."""
        tree, rows, owner = self.tree, self.rows, self.tree.owner
        # With its id, an element is unique: it does not belong to those that repeat.
        labels = label_encoding.encode_items([element[:3] for element in self.markup])[self.markup_index]
        self.path = tree.path_hash(labels)
        for name, (number, count) in (
            ("tag_path", label_encoding.encode(tree.path_hash(self.tags)[owner])),
            ("class_path", label_encoding.encode(self.path[owner])),
        ):
            words, linked, ends = (
                np.bincount(number, values)
                for values in (self.words, self.statistics.linked_words, self.statistics.ends_sentence)
            )
            rows[f"{name}_share"] = (words / self.word_total)[number]
            rows[f"{name}_blocks"] = count[number].astype(np.float64)
            rows[f"{name}_link_density"] = (linked / np.maximum(words, 1))[number]
            rows[f"{name}_words"] = (words / count)[number]
            rows[f"{name}_sentences"] = (ends / count)[number]
        number, count = label_encoding.encode(self.path)
        self.repeats = count[number].astype(np.float64)
        parent = tree.parent[owner]
        rows["parent_repeats"] = self.repeats[parent]
        template_ids = repetition.template_labels(self.markup)[self.markup_index]
        self.template_ids, _ = label_encoding.encode(tree.path_hash(template_ids)[owner])
        self.local_template_ids, _ = label_encoding.encode(tree.local_path_hash(template_ids)[owner])
        self._groups(labels)

    def _groups(self, labels: NDArray[np.int64]) -> None:
        """Add features of the groups of repeated siblings around the block."""
        tree, rows, owner = self.tree, self.rows, self.tree.owner
        words, linked, _, _, money, _ = self.subtree
        found = repetition.find_groups(
            tree, labels, np.stack([words, linked, money, self.count, self.counted_elements["img"]])
        )
        rows["own_siblings"] = found.size[found.group[owner]]
        group_words = np.where(found.repeated, found.totals[0][found.group], 0.0)
        most = max(float(group_words.max()), 1.0)
        size = found.size
        table = np.stack(
            [
                size,
                found.totals[0] / size,
                found.totals[0] / self.word_total,
                found.totals[0] / most,
                found.totals[1] / np.maximum(found.totals[0], 1),
                found.totals[2] / size,
                found.totals[3] / size,
                found.totals[4] / size,
            ]
        )
        names = ("size", "words", "share", "rank", "link_density", "money", "blocks", "images")
        for name, element in zip(GROUPS, repetition.repeated_ancestors(tree, found)[:, owner], strict=True):
            inside = element >= 0
            values = np.where(inside, table[:, found.group[element]], 0.0)
            rows.update(zip((f"{name}_group_{what}" for what in names), values, strict=True))
            rows[f"{name}_group_up"] = np.where(inside, tree.depth[owner] - tree.depth[element], -1.0)
        largest = found.group[int(group_words.argmax())]
        values = table[:, largest] if found.repeated.any() else np.zeros(len(names))
        self.largest_group = {f"page_group_{what}": float(value) for what, value in zip(names, values, strict=True)}

    def _paths(self) -> None:
        """Add maxima along the path from the root, and positions relative to main containers and the first `<h1>`."""
        tree, rows, owner = self.tree, self.rows, self.tree.owner
        h1 = np.flatnonzero((self.own_tag == _TAG["h1"]) | (self.tags[tree.parent[owner]] == _TAG["h1"]))
        self.h1 = int(h1[0]) if len(h1) else -1
        self.containers = main_container.find_containers(tree, self.content_words)
        points = [*self.containers, int(owner[self.h1]) if self.h1 >= 0 else 0]
        common_depths = [np.where(tree.is_ancestor_or_self(point), tree.depth, -1.0) for point in points]
        path = tree.path_max(np.stack([self.element_link_density, self.repeats, *common_depths]))[:, owner]
        rows["path_link_density"], rows["path_repeats"] = path[0], path[1]
        for name, point, common_depth in zip(
            ("container30", "container50", "container80", "h1"), points, path[2:], strict=True
        ):
            rows[f"{name}_up"] = tree.depth[point] - common_depth
            rows[f"{name}_down"] = tree.depth[owner] - common_depth
        for name, point in zip(("container30", "container50", "container80"), self.containers, strict=True):
            begin, end = tree.block_begin[point], tree.block_end[point]
            rows[f"{name}_side"] = np.sign(self.position - begin + 0.5) + np.sign(self.position - end + 0.5)
            rows[f"{name}_place"] = np.maximum(self.position - begin, -50.0) / max(int(end - begin), 1)
        if self.h1 < 0:
            rows["h1_up"] = rows["h1_down"] = np.full(tree.block_count, -1.0)

    def _context(self) -> None:
        """Add features of the blocks before and after."""
        rows, count = self.rows, self.tree.block_count
        padded = np.concatenate([[-1.0, -1.0], self.own_tag, [-1.0, -1.0]])
        rows["tag_before"], rows["tag_after"], rows["tag_after_next"] = padded[1:-3], padded[3:-1], padded[4:]
        place = np.arange(count)
        sums = np.zeros((3, count + 1))
        np.cumsum(np.stack([self.words, self.statistics.linked_words, self.content_words]), axis=1, out=sums[:, 1:])
        for radius in (3, 8):
            low, high = np.maximum(place - radius, 0), np.minimum(place + radius + 1, count)
            words, linked, content_words = sums[:, high] - sums[:, low]
            some = np.maximum(words, 1)
            rows[f"near{radius}_words"] = words / (high - low)
            rows[f"near{radius}_link_density"] = linked / some
            rows[f"near{radius}_content"] = content_words / some

    def _heading_positions(self) -> None:
        """Add positions relative to headings."""
        rows, count, place = self.rows, self.tree.block_count, np.arange(self.tree.block_count)
        words_before = self.words_before[:-1]
        if self.h1 >= 0:
            rows["after_h1"] = np.clip(self.position - self.h1, -60, 400)
            rows["words_after_h1"] = words_before - words_before[self.h1]
        else:
            rows["after_h1"], rows["words_after_h1"] = np.full(count, -999.0), np.full(count, -9999.0)
        self.is_heading = _IS_HEADING[self.own_tag]
        last = np.maximum.accumulate(np.where(self.is_heading, place, -1))
        following = np.minimum.accumulate(np.where(self.is_heading, place, count + 50)[::-1])[::-1]
        rows["after_heading"] = self.position - last
        rows["words_after_heading"] = words_before - words_before[np.maximum(last, 0)]
        rows["heading_level"] = np.where(last >= 0, self.own_tag[last], 0).astype(np.float64)
        rows["to_heading"] = following - self.position

    def _phrases(self, lexicon: Lexicon) -> None:
        """Add what short texts, and the heading before a block, say of it."""
        rows, count = self.rows, self.tree.block_count
        if self.texts is not None:
            short = self.statistics.characters <= phrases.MOST_CHARACTERS
            own = lexicon.phrases.compiled_log_odds(self.texts, short)
            heading = lexicon.heading_phrases.compiled_log_odds(self.texts, short & self.is_heading)
        else:
            found = phrases.read(self.flat, self.statistics.characters)
            own = lexicon.phrases.log_odds(found, count)
            heading = lexicon.heading_phrases.log_odds(found.of(self.is_heading), count)
        last = np.maximum.accumulate(np.where(self.is_heading, np.arange(count), -1))
        before = np.concatenate([[-1], last[:-1]])
        rows["phrase"] = own
        rows["phrase_before"] = np.concatenate([[0.0], own[:-1]])
        rows["phrase_after"] = np.concatenate([own[1:], [0.0]])
        rows["heading_phrase"] = np.where(before >= 0, heading[np.maximum(before, 0)], 0.0)

    def _titles(self, titles: Sequence[str]) -> None:
        """Add how well a block matches the page's titles, and how far behind the best match it stands."""
        found = title_match.match(self.flat, self.statistics.characters, titles, self.texts)
        self.rows["title_block_share"], self.rows["title_share"] = found.block_share, found.title_share
        behind = np.clip(self.position - found.best, -60, 400)
        self.rows["after_title"] = behind if found.best >= 0 else np.full(self.tree.block_count, -999.0)

    def _page(self) -> None:
        """Add the features of the page, which are the same for every block."""
        tree, text, count = self.tree, self.statistics, self.tree.block_count
        long_first = np.sort(self.words)[::-1]
        container50, container80 = self.containers[1:]
        children = np.bincount(tree.parent, minlength=tree.element_count)
        paragraph = self.own_tag == _TAG["p"]
        areas = dict(zip(AREAS, self.areas.sum(axis=1), strict=True))
        # Wrappers around the whole page say nothing: depth counts from the innermost element with all words.
        shell_depth = tree.depth[np.flatnonzero(self.subtree[0] >= self.subtree[0][0] - 0.5)].max()
        page = {
            "page_words": self.word_total,
            "page_blocks": count,
            "page_link_density": text.linked_words.sum() / self.word_total,
            "page_content": self.content_word_total / self.word_total,
            "page_words_a_block": self.word_total / count,
            "page_money": text.money.sum() / count,
            "page_digits": text.digits.sum() / text.characters.sum(),
            "page_paragraphs": paragraph.mean(),
            "page_paragraph_words": self.words[paragraph].sum() / self.word_total,
            "page_lists": self.rows["in_list"].mean(),
            "page_headings": self.is_heading.mean(),
            "page_h2": (self.own_tag == _TAG["h2"]).sum(),
            "page_sentences": text.ends_sentence.mean(),
            "page_copies": self.earlier_copies.mean(),
            "page_repeats": (self.repeats * (children > 0)).max(),
            "page_longest": long_first[0] / self.word_total,
            "page_ten_longest": long_first[:10].sum() / self.word_total,
            "page_longest_content": self.content_words.max(),
            "page_inputs": self.counted_elements["input"][0],
            "page_images": self.counted_elements["img"][0],
            "page_drawings": self.counted_elements["svg"][0],
            "page_articles": areas["article"],
            "page_mains": areas["main"],
            "page_forms": areas["form"],
            "page_tables": areas["table"],
            "container50_share": self.subtree[0][container50] / self.word_total,
            "container80_share": self.subtree[0][container80] / self.word_total,
            "container50_depth": tree.depth[container50] - shell_depth,
            "container80_depth": tree.depth[container80] - shell_depth,
            "container50_tag": self.tags[container50],
            **self.largest_group,
        }
        values = np.array(list(page.values()), np.float64)
        self.rows.update(zip(page, np.repeat(values[:, None], count, axis=1), strict=True))
