from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.structuring.evidence.declared_values import DeclaredValues
from pagemill.structuring.evidence.evidence import Evidence

FOUND = [
    # texts: case, spacing, punctuation, entities, words split by tags
    ("# The **Acme** Widget\n\n", "The Acme Widget", "The **Acme** Widget"),
    ("An acme\nwidget, new", "ACME Widget", "acme\nwidget"),
    ("| Colour | Deep   red |", "Deep red", "Deep   red"),
    ("Wid**get** Pro", "Widget Pro", "Wid**get** Pro"),
    ("Wid\u00adget", "Widget", "Wid\u00adget"),
    ("[Acme](https://a.example/x_(1)) Widget", "Acme Widget", "Acme](https://a.example/x_(1)) Widget"),
    ("Fish &amp; chips", "Fish & chips", "Fish &amp; chips"),
    ("Fish & chips", "Fish &amp; chips".replace("&amp;", "&"), "Fish & chips"),
    ("snake\\_case", "snake_case", "snake\\_case"),
    ("send an e-mail today", "email", None),
    ("send an e‑mail today", "e-mail", "e‑mail"),
    ("weighs 12kg", "12 kg", "12kg"),
    ("weighs 12 kg", "12kg", "12 kg"),
    ("Straße nach Köln", "STRASSE nach Köln", "Straße nach Köln"),
    ("e\u0301te\u0301 2024", "été", "e\u0301te\u0301"),
    ("ﬁne art", "fine art", "ﬁne art"),
    ("ＡＢＣ１２", "abc12", "ＡＢＣ１２"),
    ("価格は東京都です", "東京都", "東京都"),
    ("It is in stock", "InStock", "in stock"),
    ("We write C++ here", "C++", "C"),
    ("call +1 (555) 010-9999", "+1-555-010-9999", "1 (555) 010-9999"),
    ("the The the Theatre", "Theatre", "Theatre"),
    # numbers
    ("costs $1,234.50 now", 1234.5, "1,234.50"),
    ("kostet 1.234,50 €", 1234.5, "1.234,50"),
    ("coûte 1 234,50 €", 1234.5, "1 234,50"),
    ("coûte 1\u202f234,5 €", 1234.5, "1\u202f234,5"),
    ("CHF 1’234’567.–", 1234567, "1’234’567"),
    ("₹12,34,567", 1234567, "12,34,567"),
    ("**12**.*99* USD", 12.99, "12**.*99"),
    ("$12^99", 12.99, "12^99"),
    ("$12 99", 12.99, "12 99"),
    ("rated 4.50 of 5", 4.5, "4.50"),
    ("only 5.00 left", 5, "5.00"),
    ("about 1.2 million users", 1_200_000, "1.2 million"),
    ("about 3k users", 3000, "3k"),
    ("播放1.2万次", 12_000, "1.2万"),
    ("売上3億円", 300_000_000, "3億"),
    ("조회수 5만회", 50_000, "5만"),
    ("15% off", 0.15, "15%"),
    ("down −5 °C", -5, "−5"),
    ("three rooms", 3, "three"),
    ("１２ pieces", 12, "１２"),
    (".5 mm", 0.5, ".5"),
    ("Rs.500", 500, "500"),
    ("USD500", 500, "500"),
    # money as text
    ("price: 1 299,00 €", "€1,299.00", "1 299,00"),
    ("price: $9.99", "USD", "$"),
    ("price: 9,99 €", "EUR", "€"),
    ("price: 9.99 USD", "$9.99", "9.99"),
    # dates
    ("on March 5, 2024 we", "2024-03-05", "March 5, 2024"),
    ("on 5th of March 2024 we", "2024-03-05", "5th of March 2024"),
    ("am 5. März 2024", "2024-03-05", "5. März 2024"),
    ("el 5 de marzo de 2024", "2024-03-05", "5 de marzo de 2024"),
    ("on 05.03.2024.", "2024-03-05", "05.03.2024"),
    ("on 3/5/2024.", "2024-03-05", "3/5/2024"),
    ("on 5/3/24.", "2024-03-05", "5/3/24"),
    ("2024年3月5日", "2024-03-05", "2024年3月5"),
    ("2024년 3월 5일", "2024-03-05", "2024년 3월 5"),
    ("on Mar 5, 2024 at 2:30 PM", "2024-03-05T14:30:00Z", "Mar 5, 2024"),
    ("2024-03-05", "March 5, 2024", "2024-03-05"),
    ("in March 2024", "2024-03", "March 2024"),
    # addresses
    ("[x](https://a.example/p?q=1)", "https://a.example/p?q=1", "https://a.example/p?q=1"),
    ("see a.example/p.", "https://a.example/p/", "a.example/p"),
    ("write to joe\\_b@a.example", "joe_b@a.example", "joe\\_b@a.example"),
]


@pytest.mark.parametrize(("markdown", "value", "quote"), FOUND)
def test_a_value_on_the_page_is_found_with_its_place(markdown, value, quote):
    found = Evidence(markdown).find(value)
    if quote is None:
        assert found is None
    else:
        assert found["quote"] == quote
        assert markdown[found["start"] : found["end"]] == quote


ABSENT = [
    ("the rapist", "therapist"),
    ("therapist", "the rapist"),
    ("a party", "art"),
    ("We write C here", "C++"),
    ("5 °C", "-5 °C"),
    ("costs 1,234.50", 234.5),
    ("costs 1,234.50", 1234),
    ("costs 1234", 123),
    ("costs 1,234", 234),
    ("costs 12.99", 12),
    ("costs 12.99", 99),
    ("5,000 people", 5),
    ("model A12", 12),
    ("12 99", 12.99),
    ("5", -5),
    ("$9.99", "EUR"),
    ("9.99 €", "$9.99"),
    ("on March 15, 2024", "2024-03-05"),
    ("on March 5, 2023", "2024-03-05"),
    ("on 3/15/2024", "2024-03-05"),
    ("on March 5, 2024 at 9:00", "2024-03-05T14:30:00Z"),
    ("Anna Smith, Bob Jones", "Anna Jones"),
    ("red green", "green red"),
    ("https://a.example/p", "https://a.example/q"),
    ("", "something"),
    ("", 0),
]


@pytest.mark.parametrize(("markdown", "value"), ABSENT)
def test_a_value_that_the_page_does_not_say_is_not_found(markdown, value):
    assert Evidence(markdown).find(value) is None


def test_each_leaf_is_looked_for():
    data = {"a/b": "red", "list": [1, 2, 99], "deep": {"no": "blue", "yes": True, "none": None, "empty": " "}}
    grounding = Evidence("red 1 2").ground(data)
    assert set(grounding.evidence) == {"/a~1b", "/list/0", "/list/1"}
    assert grounding.unsupported == ["/list/2", "/deep/no"]
    assert grounding.inferred == ["/deep/yes"]


def test_what_the_markup_alone_declares_is_evidence_without_a_place():
    declared = DeclaredValues.of({"sku": "AB-12", "offers": [{"price": "9.90", "day": "2024-03-05T10:00:00Z"}]})
    grounding = Evidence("nothing", declared).ground({"sku": "ab12", "price": 9.9, "day": "2024-03-05", "no": 9.8})
    assert grounding.evidence == {
        "/sku": {"quote": "AB-12", "markup": True},
        "/price": {"quote": "9.90", "markup": True},
        "/day": {"quote": "2024-03-05T10:00:00Z", "markup": True},
    }
    assert grounding.unsupported == ["/no"]


HOSTILE = [
    "[",
    "](",
    "[a](",
    "**a",
    "a ",
    "1,",
    "1 234 ",
    "24/",
    "2024 ",
    "the ",
    "e\u0301",
    "\u0301",
    "1st ",
    "may 2024 ",
]
VALUES = ["the the a", 1234.5, 1, 0.5, "2024-03-05T10:30:00Z", "$1.00", "USD", "a a a a b", "5 de marzo de 2024"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_pages_take_no_longer_than_others(piece):
    text = piece * (50_000 // len(piece))
    page = Evidence(text)
    begin = time.process_time()
    for value in [*VALUES, text[:20_000] + " zzz"]:
        page.find(value)
    assert time.process_time() - begin < 3


WORDS = st.text(alphabet="abcdeéßﬁ漢0189 *_.,-'()[]&\n\\", max_size=60)


@given(WORDS, st.lists(st.sampled_from(["apple", "Größe", "x1", "naïve", "42", "ﬁn"]), min_size=1, max_size=5), WORDS)
def test_words_set_apart_are_always_found(before, words, after):
    value = " ".join(words)
    markdown = f"{before} {value} {after}"
    assert any(span for span in Evidence(markdown).spans(value))


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from([",.", ".,", " ,", "’."]))
def test_numbers_are_found_in_every_grouping(number, marks):
    group, point = marks
    written = f"{number:,.2f}".replace(",", "_").replace(".", point).replace("_", group)
    found = Evidence(f"costs {written} now").find(float(number))
    assert found is not None
    assert found["quote"].rstrip("0") in written


@given(WORDS, WORDS)
def test_whatever_is_found_is_quoted_as_it_stands(markdown, value):
    for start, end in Evidence(markdown).spans(value):
        assert 0 <= start < end <= len(markdown)
