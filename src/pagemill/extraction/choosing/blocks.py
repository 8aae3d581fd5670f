"""A page as flat lists: its block-level elements in document order, and the blocks of text between their tags.

A block is a run of text with no block-level tag (and no blank line made of `<br>`) inside. An element owns a span of
blocks and a span of elements, `[begin, end)` each, because both stand in document order: every sum over a subtree is
a difference of two prefix sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from turbohtml import Element, Text

from pagemill.extraction.reading import word_boundaries

if TYPE_CHECKING:
    from turbohtml import Node

# Tags that stand within a line of text. Any other tag, known or not, begins and ends blocks.
INLINE_TAGS = frozenset(
    """
    a abbr acronym annotation b bdi bdo big cite code data del dfn em font i img input ins kbd label mark math
    menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mroot mrow ms mspace msqrt
    mstyle msub msubsup msup mtable mtd mtext mtr munder munderover nobr output picture q rb rp rt ruby s samp
    semantics small source span strike strong sub sup time tt u var wbr
    """.split()  # noqa: SIM905 — a list of a hundred lines is harder to read
)
# Tags whose text is never part of what a reader reads.
NON_TEXT_TAGS = frozenset(
    """
    audio canvas datalist embed head iframe link map meta noembed noframes object optgroup option param script
    select style svg template textarea title track video
    """.split()  # noqa: SIM905 — a list of a hundred lines is harder to read
)

MAX_BLOCKS = 50_000
"""How many elements, or blocks, a page may have to be split. Ordinary pages have some hundreds of each."""

MAX_CHARACTERS = 5_000_000
"""How much text a page may have to be split."""

COUNTED_TAGS = ("img", "input", "svg")
"""Tags without text that are counted, because they tell kinds of places apart."""

_IN_LINK = 1  # the bit of a state that says: within a link
_IGNORED = -1


@dataclass(slots=True)
class Blocks:
    """The flat form of a page. `tags` … `block_end` have one entry for each element, `owner` one for each block."""

    elements: list[Element] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    """An element's class attribute, as it stands."""
    ids: list[str] = field(default_factory=list)
    """An element's id attribute, likewise."""
    roles: list[str] = field(default_factory=list)
    """An element's role and itemprop attributes, joined by a space."""
    parent: list[int] = field(default_factory=list)
    """The index of the element around; the root is its own parent."""
    depth: list[int] = field(default_factory=list)
    element_end: list[int] = field(default_factory=list)
    block_begin: list[int] = field(default_factory=list)
    block_end: list[int] = field(default_factory=list)

    owner: list[int] = field(default_factory=list)
    """The element that each block stands in directly."""

    texts: list[Text] = field(default_factory=list)
    """The text nodes that are not blank."""
    strings: list[str] = field(default_factory=list)
    """Their texts, with a space before those that a blank text, a `<br>` or a seam parts from the one before."""
    text_block: list[int] = field(default_factory=list)
    """The block that each belongs to."""
    text_linked: list[int] = field(default_factory=list)
    """1 for each that stands within a link."""

    counted_elements: dict[str, list[int]] = field(default_factory=lambda: {tag: [] for tag in COUNTED_TAGS})
    """For each of `MARKS`, the elements that hold one directly, as often as they do."""


def split(root: Element) -> Blocks | None:
    """Split the tree under `root` into blocks, in one pass whose time is linear in the number of nodes.

    None where there are more than `MOST` elements or blocks, or more than `MOST_CHARACTERS`: what is computed of each
    block takes some kilobytes, and of each character some tens of bytes.
    """
    walk = _TreeWalk()
    walk.open(root, root.tag, 0)
    if not walk.run(root) or sum(map(len, walk.blocks.strings)) > MAX_CHARACTERS:
        return None
    walk.close()
    return walk.blocks


class _TreeWalk:
    """The state of one pass: for each element seen, the block-level element that its text belongs to."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        # An index doubled, plus _LINK; _SILENCE where text does not count.
        self.states: dict[Node | None, int] = {}
        self.stack: list[int] = []

    def open(self, element: Element, tag: str, state: int) -> None:
        """Begin a block-level element, ending those that do not hold it."""
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
        """Add a text to the block that is being filled, or begin one with it; False where there are too many."""
        blocks = self.blocks
        if begins:
            blocks.owner.append(state >> 1)
        elif not spaced:
            spaced = word_boundaries.is_boundary(blocks.texts[-1], blocks.strings[-1], node, string, INLINE_TAGS)
        blocks.texts.append(node)
        blocks.strings.append(f" {string}" if spaced else string)
        blocks.text_block.append(len(blocks.owner) - 1)
        blocks.text_linked.append(state & _IN_LINK)
        return len(blocks.owner) <= MAX_BLOCKS

    def run(self, root: Element) -> bool:
        """Go through the tree once, in document order; stop and return False where it is too large."""
        blocks, states = self.blocks, self.states
        current = -1  # the owner of the block that is being filled
        broken = spaced = False  # whether a <br> was the last thing seen, or anything else that parts words
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
                if state < 0 or tag in NON_TEXT_TAGS:
                    states[node] = _IGNORED
                elif tag in INLINE_TAGS:
                    states[node] = state | _IN_LINK if tag == "a" else state
                elif tag == "br":
                    current = -1 if broken else current
                    broken = spaced = True
                else:
                    self.open(node, tag, state)
                    current, broken = -1, False
                    if len(blocks.elements) > MAX_BLOCKS:
                        return False
        return True


def _joined(one: str | None, other: str | None) -> str:
    return f"{one} {other}" if one and other else one or other or ""
