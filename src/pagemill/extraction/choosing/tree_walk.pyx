# cython: language_level=3
"""The compiled form of `_TreeWalk` in `blocks.py`: one walk over a page's tree, which splits it into blocks."""

from turbohtml import Element, Text

from pagemill.extraction.reading.word_boundaries import is_boundary

cdef enum:
    IN_LINK = 1
    IGNORED = -1


cdef class TreeWalk:
    """The state of one walk: what `_TreeWalk` has, with the lists of its `Blocks` at hand.

    It is made of the `Blocks` to fill, which are empty, of `INLINE_TAGS` and `NON_TEXT_TAGS`, and of how many elements
    and blocks there may be at most.
    """

    cdef list elements, tags, classes, ids, roles, parent, depth, element_end, block_begin, block_end
    cdef list owner, texts, strings, text_block, text_linked, stack
    cdef dict counted_elements, states
    cdef frozenset inline_tags, non_text_tags
    cdef Py_ssize_t most

    def __init__(self, blocks, frozenset inline_tags, frozenset non_text_tags, Py_ssize_t most):
        self.elements, self.tags, self.classes, self.ids = blocks.elements, blocks.tags, blocks.classes, blocks.ids
        self.roles, self.parent, self.depth = blocks.roles, blocks.parent, blocks.depth
        self.element_end, self.block_begin, self.block_end = blocks.element_end, blocks.block_begin, blocks.block_end
        self.owner, self.texts, self.strings = blocks.owner, blocks.texts, blocks.strings
        self.text_block, self.text_linked, self.stack = blocks.text_block, blocks.text_linked, []
        self.counted_elements, self.states = blocks.counted_elements, {}
        self.inline_tags, self.non_text_tags, self.most = inline_tags, non_text_tags, most

    cdef int open(self, element, tag, Py_ssize_t state) except -1:
        """Begin a block-level element, and end those that do not contain it."""
        cdef Py_ssize_t index = len(self.elements), position = len(self.owner), parent = state >> 1
        cdef list stack = self.stack
        number, place = index, position
        while stack and <Py_ssize_t> stack[len(stack) - 1] != parent:
            closed = stack.pop()
            self.element_end[closed] = number
            self.block_end[closed] = place
        self.states[element] = index << 1 | state & IN_LINK
        self.depth.append(len(stack))
        stack.append(number)
        attribute = element.attr
        self.elements.append(element)
        self.tags.append(tag)
        self.classes.append(attribute("class") or "")
        self.ids.append(attribute("id") or "")
        one, other = attribute("role"), attribute("itemprop")
        self.roles.append(f"{one} {other}" if one and other else one or other or "")
        self.parent.append(parent)
        self.element_end.append(number)
        self.block_begin.append(place)
        self.block_end.append(place)
        return 0

    def run(self, root):
        """Walk the tree once in document order. Stop and return False if it is too large."""
        cdef Py_ssize_t current = -1, state
        cdef bint broken = False, spaced = False, begins
        cdef dict states = self.states
        cdef str string
        element_type, text_type = Element, Text
        self.open(root, root.tag, 0)
        for node in root.descendants:
            kind = type(node)
            if kind is text_type:
                string = node.data
                if string.isspace():
                    spaced = True
                    continue
                found = states.get(node.parent)
                state = IGNORED if found is None else found
                if state < 0:
                    spaced = True
                    continue
                begins = state >> 1 != current
                if begins:
                    self.owner.append(state >> 1)
                elif not spaced:
                    spaced = is_boundary(self.texts[-1], self.strings[-1], node, string, self.inline_tags)
                self.texts.append(node)
                self.strings.append(" " + string if spaced else string)
                self.text_block.append(len(self.owner) - 1)
                self.text_linked.append(state & IN_LINK)
                if len(self.owner) > self.most:
                    return False
                current = state >> 1
                broken = spaced = False
            elif kind is element_type:
                found = states.get(node.parent)
                state, tag = IGNORED if found is None else found, node.tag
                if state >= 0 and tag in self.counted_elements:
                    self.counted_elements[tag].append(state >> 1)
                if state < 0 or tag in self.non_text_tags:
                    states[node] = IGNORED
                elif tag in self.inline_tags:
                    states[node] = state | IN_LINK if tag == "a" else state
                elif tag == "br":
                    current = -1 if broken else current
                    broken = spaced = True
                else:
                    self.open(node, tag, state)
                    current, broken = -1, False
                    if len(self.elements) > self.most:
                        return False
        for closed in self.stack:
            self.element_end[closed] = len(self.elements)
            self.block_end[closed] = len(self.owner)
        return True
