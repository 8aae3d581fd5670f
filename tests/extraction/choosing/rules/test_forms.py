from __future__ import annotations

import pytest
from tests.extraction.chosen import kept

from pagemill.extraction.choosing.rules import forms

TEXT = f"<main><p><mark>{'word ' * 60}</mark></p>"
MAIL = '<input type="email"><button>Join</button>'


def test_what_stands_around_an_email_field_asks_to_subscribe():
    box = f"<div><h3><mark>Join 900 readers</mark></h3><p><mark>Stay in the loop.</mark></p><form>{MAIL}</form></div>"
    assert kept(forms.remove, f"{TEXT}{box}</main>") == [("word " * 60).strip()]


@pytest.mark.parametrize(
    "box",
    [
        f"<div><p><mark>Write to us.</mark></p><form>{MAIL}<textarea></textarea></form></div>",
        f'<div><p><mark>Log in.</mark></p><form>{MAIL}<input type="password"></form></div>',
        f"<div><p><mark>Three kinds.</mark></p><ul><li>a<li>b</ul><form>{MAIL}</form></div>",
    ],
)
def test_other_forms_keep_their_text(box):
    assert len(kept(forms.remove, f"{TEXT}{box}</main>")) == 2


@pytest.mark.parametrize(
    "page",
    [
        f"<main><p><mark>Short.</mark></p><form>{MAIL}</form></main><p><mark>{'word ' * 60}</mark></p>",
        f"<p><mark>{'word ' * 8}</mark></p><div><p><mark>One two three four.</mark></p><form>{MAIL}</form></div>",
        f"<p><mark>{'word ' * 400}</mark></p><div><p><mark>{'more ' * 70}</mark></p><form>{MAIL}</form></div>",
    ],
)
def test_the_main_part_and_much_text_are_no_box(page):
    assert len(kept(forms.remove, page)) == 2
