"""How much of a text is sentences: prose has nearly all of its words in them, lists of links and prices few.

A sentence is what ends with a mark that ends sentences (Unicode's Sentence_Terminal, the common ones) and has four
words or more. Thai, Lao, Burmese and Khmer hardly use such marks: there a line of many words counts.
"""

from __future__ import annotations

import re

from pagemill.extraction.choosing.features import word_count

_SENTENCE = re.compile(r".*?(?:[.!?…‽;؟۔।॥]+[\"'”’»«)\]]*(?=\s|$)|[。！？｡︒]+[」』”’）]*)", re.DOTALL)
_WITHOUT_MARKS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_FEWEST_WORDS = 4
_LONG_LINE = 8
_MOST_WORDS = 1_000_000


def readability(text: str) -> float | None:
    """Return the share of a text's words that stand in sentences, from 0 to 1; None for a text without words.

    `text` has a line for each block. Linear in its length.
    """
    words = in_sentences = 0
    for line in text.splitlines():
        count = word_count.count(line, _MOST_WORDS)
        words += count
        if _WITHOUT_MARKS.search(line):
            in_sentences += count if count >= _LONG_LINE else 0
            continue
        sentences = (word_count.count(found[0], _MOST_WORDS) for found in _SENTENCE.finditer(line))
        in_sentences += min(count, sum(length for length in sentences if length >= _FEWEST_WORDS))
    return round(in_sentences / words, 3) if words else None
