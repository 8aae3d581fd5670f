"""Word boundaries between adjacent text nodes without a space between them.

Browsers show `<span>Giro</span><span>Agilis</span>` as one word, or as two if a style sheet separates the spans. The
markup does not tell which, but the characters on both sides do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbohtml import Element

if TYPE_CHECKING:
    from turbohtml import Text

_FORMATTING = frozenset(
    "b big code del em font i ins kbd mark q s samp small strike strong sub sup tt u var wbr".split()  # noqa: SIM905
)
_LOWER, _UPPER, _DIGIT = range(3)
_TWO_WORDS = {(_LOWER, _DIGIT), (_UPPER, _DIGIT), (_DIGIT, _UPPER), (_UPPER, _UPPER), (_DIGIT, _DIGIT)}


def is_boundary(before: Text, before_string: str, after: Text, after_string: str, inline: frozenset[str]) -> bool:
    """Whether two text nodes with only tags of `inline` elements between them are two words.

    They are if an upper-case letter follows a lower-case one. If one element ends and another begins, and both are more
    than formatting elements, they are also two words for a digit followed by an upper-case letter or a digit, an
    upper-case letter followed by an upper-case letter or a digit, and a lower-case letter followed by a digit. A single
    letter before the boundary counts as the first letter of the word after it.
    """
    end, begin = before_string[-2:], after_string[:1]
    if len(end) < 2 or not (end.isalnum() and begin.isalnum()):
        return False
    classes = _character_class(end[1]), _character_class(begin)
    small_to_capital = classes == (_LOWER, _UPPER)
    if not small_to_capital and classes not in _TWO_WORDS:
        return False
    before_elements, after_elements = _inline_ancestors(before, inline), _inline_ancestors(after, inline)
    closed, opened = before_elements - after_elements, after_elements - before_elements
    if small_to_capital:
        return bool(closed or opened)
    return any(element.tag not in _FORMATTING for element in closed) and any(
        element.tag not in _FORMATTING for element in opened
    )


def _character_class(character: str) -> int | None:
    if character.islower():
        return _LOWER
    if character.isupper():
        return _UPPER
    return _DIGIT if character.isdigit() else None


def _inline_ancestors(text: Text, inline: frozenset[str]) -> set[Element]:
    """The inline ancestors of a text node, up to the first block-level one."""
    found = set()
    element = text.parent
    while isinstance(element, Element) and element.tag in inline:
        found.add(element)
        element = element.parent
    return found
