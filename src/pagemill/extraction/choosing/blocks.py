"""Splits a page into text blocks: flat lists of its block-level elements and its blocks, in document order.

A block is a run of text without a block-level tag, or a blank line made of `<br>`, inside. The blocks and the elements
under an element are one range `[begin, end)` each, because both lists are in document order. So every sum over a
subtree is a difference of two prefix sums.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from turbohtml import Element, Text

from pagemill.extraction.reading import word_boundaries
from pagemill.extraction.reading.markup_names import MarkupNames

if TYPE_CHECKING:
    from turbohtml import Node

    from pagemill.extraction.choosing.tree_walk import TreeWalk

CompiledWalk: type[TreeWalk] | None
"""`_TreeWalk` as compiled code, or None if it was not compiled."""
try:
    from pagemill.extraction.choosing.tree_walk import TreeWalk as CompiledWalk
except ImportError:
    CompiledWalk = None

# Inline-level tags. Any other tag, known or not, is block-level: it begins and ends blocks.
INLINE_TAGS = frozenset(
    """
    a abbr acronym annotation b bdi bdo big cite code data del dfn em font i img input ins kbd label mark math
    menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mroot mrow ms mspace msqrt
    mstyle msub msubsup msup mtable mtd mtext mtr munder munderover nobr output picture q rb rp rt ruby s samp
    semantics small source span strike strong sub sup time tt u var wbr
    """.split()  # noqa: SIM905 — a list of a hundred lines is harder to read
)
# Tags whose text is never visible text of the page.
NON_TEXT_TAGS = frozenset(
    """
    audio canvas datalist embed head iframe link map meta noembed noframes object optgroup option param script
    select style svg template textarea title track video
    """.split()  # noqa: SIM905 — a list of a hundred lines is harder to read
)

HEADING_TAGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})

MAX_BLOCKS = 50_000
"""A page with more elements or more blocks than this is not split. Ordinary pages have some hundreds of each."""

MAX_CHARACTERS = 5_000_000
"""A page with more text than this is not split."""

COUNTED_TAGS = ("img", "input", "svg")
"""Tags without text whose number is a feature."""

_IN_LINK = 1  # the bit of a state that marks text within a link
_IGNORED = -1


@dataclass(slots=True)
class Blocks:
    """A page as flat lists. `tags` … `block_end` have one entry for each element, `owner` one for each block."""

    names: MarkupNames
    """The names in the page's markup."""
    elements: list[Element] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    """An element's class attribute, unchanged."""
    ids: list[str] = field(default_factory=list)
    """An element's id attribute, unchanged."""
    roles: list[str] = field(default_factory=list)
    """An element's role and itemprop attributes, joined by a space."""
    parent: list[int] = field(default_factory=list)
    """The index of the parent element; the root is its own parent."""
    depth: list[int] = field(default_factory=list)
    element_end: list[int] = field(default_factory=list)
    block_begin: list[int] = field(default_factory=list)
    block_end: list[int] = field(default_factory=list)

    owner: list[int] = field(default_factory=list)
    """The index of the innermost element around each block."""

    texts: list[Text] = field(default_factory=list)
    """The text nodes that are not only whitespace."""
    strings: list[str] = field(default_factory=list)
    """Their texts. One that follows whitespace, a `<br>` or a word boundary has a space before it."""
    text_block: list[int] = field(default_factory=list)
    """The block of each text node."""
    text_linked: list[int] = field(default_factory=list)
    """1 for each text node within a link, else 0."""

    counted_elements: dict[str, list[int]] = field(default_factory=lambda: {tag: [] for tag in COUNTED_TAGS})
    """For each of `COUNTED_TAGS`, the parent element of each occurrence."""

    def texts_of(self, block: int) -> slice:
        """Where the texts of a block stand in `texts`, `strings`, `text_block` and `text_linked`."""
        return slice(bisect_left(self.text_block, block), bisect_right(self.text_block, block))


def split(root: Element, names: MarkupNames | None = None) -> Blocks | None:
    """Split the tree under `root` into blocks, in one pass that is linear in the number of nodes.

    `names`: those in the markup of the tree, if they are known.

    None if there are more than `MAX_BLOCKS` elements or blocks, or more than `MAX_CHARACTERS`: the features take some
    kilobytes for each block and some tens of bytes for each character.
    """
    blocks = Blocks(names or MarkupNames(root))
    walk = CompiledWalk or _TreeWalk
    is_whole = walk(blocks, INLINE_TAGS, NON_TEXT_TAGS, MAX_BLOCKS).run(root)
    return blocks if is_whole and sum(map(len, blocks.strings)) <= MAX_CHARACTERS else None


class _TreeWalk:
    """The state of one pass over the tree: for each element seen, the block-level element of its text.

    `tree_walk` does the same, compiled.
    """

    def __init__(self, blocks: Blocks, inline_tags: frozenset[str], non_text_tags: frozenset[str], most: int) -> None:
        self.blocks, self.inline_tags, self.non_text_tags, self.most = blocks, inline_tags, non_text_tags, most
        # The index doubled, plus _IN_LINK; _IGNORED where text does not count.
        self.states: dict[Node | None, int] = {}
        self.stack: list[int] = []

    def open(self, element: Element, tag: str, state: int) -> None:
        """Begin a block-level element, and end those that do not contain it."""
        blocks, stack, parent = self.blocks, self.stack, state >> 1
        index, position = len(blocks.elements), len(blocks.owner)
        while stack and stack[-1] != parent:
            closed = stack.pop()
            blocks.element_end[closed] = index
            blocks.block_end[closed] = position
        self.states[element] = index << 1 | state & _IN_LINK
        blocks.depth.append(len(stack))
        stack.append(index)
        blocks.elements.append(element)
        blocks.tags.append(tag)
        attribute = element.attr
        blocks.classes.append(attribute("class") or "")
        blocks.ids.append(attribute("id") or "")
        blocks.roles.append(_joined(attribute("role"), attribute("itemprop")))
        blocks.parent.append(parent)
        blocks.element_end.append(index)
        blocks.block_begin.append(position)
        blocks.block_end.append(position)

    def close(self) -> None:
        """End every element that is still open."""
        blocks = self.blocks
        for index in self.stack:
            blocks.element_end[index] = len(blocks.elements)
            blocks.block_end[index] = len(blocks.owner)

    def text(self, node: Text, string: str, state: int, *, begins: bool, spaced: bool) -> bool:
        """Add a text to the current block, or begin a block with it. False if there are too many blocks."""
        blocks = self.blocks
        if begins:
            blocks.owner.append(state >> 1)
        elif not spaced:
            spaced = word_boundaries.is_boundary(blocks.texts[-1], blocks.strings[-1], node, string, self.inline_tags)
        blocks.texts.append(node)
        blocks.strings.append(f" {string}" if spaced else string)
        blocks.text_block.append(len(blocks.owner) - 1)
        blocks.text_linked.append(state & _IN_LINK)
        return len(blocks.owner) <= self.most

    def run(self, root: Element) -> bool:
        """Walk the tree once in document order. Stop and return False if it is too large."""
        blocks, states = self.blocks, self.states
        self.open(root, root.tag, 0)
        current = -1  # the owner of the current block
        broken = spaced = False  # whether the last node was a <br>, or anything else that separates words
        for node in root.descendants:
            if type(node) is Text:
                if (string := node.data).isspace():  # one node in three
                    spaced = True
                    continue
                if (state := states.get(node.parent, _IGNORED)) < 0:
                    spaced = True
                    continue
                if not self.text(node, string, state, begins=state >> 1 != current, spaced=spaced):
                    return False
                current = state >> 1
                broken = spaced = False
            elif type(node) is Element:
                state, tag = states.get(node.parent, _IGNORED), node.tag
                if state >= 0 and tag in blocks.counted_elements:
                    blocks.counted_elements[tag].append(state >> 1)
                if state < 0 or tag in self.non_text_tags:
                    states[node] = _IGNORED
                elif tag in self.inline_tags:
                    states[node] = state | _IN_LINK if tag == "a" else state
                elif tag == "br":
                    current = -1 if broken else current
                    broken = spaced = True
                else:
                    self.open(node, tag, state)
                    current, broken = -1, False
                    if len(blocks.elements) > self.most:
                        return False
        self.close()
        return True


def _joined(one: str | None, other: str | None) -> str:
    return f"{one} {other}" if one and other else one or other or ""
