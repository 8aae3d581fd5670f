from __future__ import annotations

import pytest
from tests.extraction.flat import split

from pagemill.extraction.choosing import byline_texts


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (["By Jane Doe", "3 May 2024"], "By Jane Doe · 3 May 2024"),
        (["By Jane Doe |", "· 3 May 2024"], "By Jane Doe · 3 May 2024"),
        (["Jane Doe", "By Jane Doe", "jane doe"], "By Jane Doe"),
        ([" ", "·"], ""),
        (["x" * 300, "3 May 2024"], ""),
    ],
)
def test_byline_and_date_are_one_line(texts, line):
    assert byline_texts.joined(texts) == line


@pytest.mark.parametrize(
    ("markup", "parts"),
    [
        ("<p><time>4 May 2024</time></p><p>By Jane Doe</p>", ["By Jane Doe", "4 May 2024"]),
        ("<p>Posted on <time>4 May 2024</time></p>", ["4 May 2024"]),
        ("<p>Par Léa le <time>4 mai 2024</time> dans <a rel='tag'>Portraits</a></p>", ["Par Léa", "4 mai 2024"]),
        ("<p>Published on: 4 May 2024</p>", ["4 May 2024"]),
        ("<p>4 May 2024 · 3 min · Jane Doe</p>", ["Jane Doe", "4 May 2024"]),
        ("<p>4. Mai 2024 | 14:03 Uhr</p>", ["4. Mai 2024", "14:03 Uhr"]),
        ("<p>Home &gt; News &gt; Text</p><p>von</p><p>Jane Doe</p>", ["von Jane Doe"]),
        ("<p><b>Words by</b> Jane Doe<i>, pictures by</i> Cal Ross</p>", ["Words by Jane Doe, pictures by Cal Ross"]),
    ],
)
def test_a_byline_says_who_and_then_when(markup, parts):
    flat = split(markup)
    assert byline_texts.read(flat, range(len(flat.owner))).parts == parts
