from __future__ import annotations

import pytest

from pagemill.extraction.reading import document, noscript


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<noscript><iframe src=x /></noscript><p>a", "<noscript><iframe src=x /></iframe></noscript><p>a"),
        ("<NOSCRIPT><STYLE>p{}</NOSCRIPT><p>a", "<NOSCRIPT><STYLE>p{}</style></NOSCRIPT><p>a"),
        ("<noscript><iframe></iframe><iframe></noscript>", "<noscript><iframe></iframe><iframe></iframe></noscript>"),
        ("<noscript><style><iframe></style></noscript>", None),
        ("<noscript><iframe src=x></iframe></noscript>", None),
        ("<iframe /><p>a", None),
        ("<noscript><iframe /><p>a", None),
        ("", None),
    ],
)
def test_raw_text_is_closed_within_noscript(page, expected):
    assert noscript.close_raw_text(page) == expected


def test_each_noscript_is_closed_by_itself():
    page = "<noscript><iframe/></noscript><b>a</b><noscript><textarea></noscript><b>c"
    assert noscript.close_raw_text(page) == (
        "<noscript><iframe/></iframe></noscript><b>a</b><noscript><textarea></textarea></noscript><b>c"
    )


def test_a_page_goes_on_behind_an_open_frame_in_noscript():
    html = b"<body><noscript><iframe src='https://tags.example/' /></noscript><h1>Title</h1><p>Text</p></body>"
    page = document.read(html, "https://example.org/")
    assert [element.tag for element in page.body.select("h1, p")] == ["h1", "p"]
    assert page.html == html.decode()
