"""Pictures that stand for a word or for none, and other remains of a page's look that readers do without."""

from __future__ import annotations

import pytest
from tests.extraction.rendering import clean, mark

from pagemill.extraction import extract


def test_emoji_are_text():
    assert mark("<p>Well done <img class=emoji src=/1f600.png alt='😀'>!</p>") == "Well done 😀!"
    assert mark("<p>Hm <img class='wp-smiley x' src=/h.gif alt=':-/'></p>") == "Hm :-/"
    assert "![A mill]" in mark("<p><img src=/mill.png alt='A mill'></p>")


@pytest.mark.parametrize(
    "image",
    ["<img src=/icons/x.svg alt=''>", "<img src=/a/right-arrow.png>", "<img src=/dot.png width=16 height=16px alt=''>"],
)
def test_icons_without_a_text_are_left_out(image):
    assert clean(f"<p>{image} Next</p>") == "<p>Next</p>"


@pytest.mark.parametrize(
    "image",
    [
        "<img src=/icons/x.svg alt='Fragile'>",
        "<img src=/silicon.png>",
        "<img src=/mill.jpg width=16>",
        "<img src=https://icons.example.org/mill.jpg>",
        "<img src=/mill.jpg?from=/icons/>",
    ],
)
def test_other_images_stay(image):
    assert "<img" in clean(f"<p>{image} Next</p>")


def test_a_picture_without_a_text_is_shown_once():
    assert clean("<p><img src=/a.png> one</p><p>two <img src=/a.png></p>").count("a.png") == 1
    assert clean("<p><img src=/a.png alt=a> one</p><p>two <img src=/a.png alt=a></p>").count("a.png") == 2


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("<i class='fa fa-check'></i>", "✓"),
        ("<img src=/img/tick.png alt=''>", "✓"),
        ("<span class=icon><svg aria-label=Yes></svg></span>", "✓"),
        ("<i class='icon-cross'></i>", "✗"),
        ("<svg class=fa-xmark></svg>", "✗"),
        ("<img src=/tick.png alt='Included'>", "![Included](https://example.org/tick.png)"),
        ("<i class=checkbox></i>", ""),
        ("<i class=fa-check></i>yes", "yes"),
        ("<input type=checkbox>", ""),
    ],
)
def test_check_marks_in_tables(inside, shown):
    table = f"<table><tr><th>a<th>b<tr><td>c<td>{inside}</table>"
    assert mark(table).split("\n")[-1] == f"| c | {shown} |"


def test_check_marks_stay_where_content_is_selected():
    row = "<tr><td>Grinding of {} for the whole valley<td><img src=/tick.png alt=''><td><i class=fa-times></i></tr>"
    rows = "".join(row.format(grain) for grain in ("wheat", "rye", "oats", "barley"))
    prose = "<p>The mill stands by the river, and has ground the corn of the valley for three hundred years.</p>" * 3
    page = f"<article><h1>Prices</h1>{prose}<table><tr><th>Service<th>Basic<th>Plus</tr>{rows}</table>{prose}</article>"
    text = extract(page.encode(), "https://example.org/").markdown
    assert "| Grinding of rye for the whole valley | ✓ | ✗ |" in text


def test_a_list_in_nothing_but_an_item_takes_the_places_of_that_item():
    assert clean("<ul><li><ul><li>a<li>b</ul><li>c</ul>") == "<ul><li>a</li><li>b</li><li>c</li></ul>"
    assert clean("<ul><li>a<li><ul><li>b</ul><li>c</ul>") == "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"
    assert clean("<ul><li>a</li><ul><li>b</ul><li>c</ul>") == "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"
    assert clean("<ul><li><div><ul><li><ul><li>a</ul></ul></div></ul>") == "<ul><li>a</li></ul>"
    for other in ("<ul><li>x<ul><li>a</li></ul></li></ul>", "<ol><li><ul><li>a</li></ul></li></ol>"):
        assert clean(other) == other


def test_a_heading_right_behind_itself_is_shown_once():
    once = "<h2>Prices</h2><p>x</p>"
    assert clean("<div><h2>Prices</h2></div><div><h2>Prices</h2><p>x</p></div>") == once
    for twice in ("<h2>Prices</h2><h3>Prices</h3><p>x</p>", "<h2>Prices</h2><p>x</p><h2>Prices</h2><p>x</p>"):
        assert clean(twice) == twice


def test_joiners_with_nothing_to_join_are_no_text():
    assert clean("<p>a</p><p>\u200d</p><p>\u200b\u200e</p><p>b</p>") == "<p>a</p><p>b</p>"
    assert clean("<p>👩\u200d👧 می\u200cخواهم</p>") == "<p>👩\u200d👧 می\u200cخواهم</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<div><div><span>js</span><button>Copy</button></div><pre><code class=language-js>x</code></pre></div>",
            "```js\nx\n```",
        ),
        (
            "<p>before</p><div><p>Python</p><p>Copy code</p><div><pre>x = 1</pre></div></div>",
            "before\n\n```python\nx = 1\n```",
        ),
        ("<ul><li><p>Bash</p><pre>ls</pre></ul>", "- \n  ```bash\n  ls\n  ```"),
        ("<p>Terminal</p><pre>ls</pre>", "```terminal\nls\n```"),
        ("<p>Write in Python</p><pre>x</pre>", "Write in Python\n\n```\nx\n```"),
        ("<p>Go</p><p>on.</p>", "Go\n\non."),
        ("<h3>Bash</h3><pre>ls</pre>", "### Bash\n\n```\nls\n```"),
    ],
)
def test_a_code_blocks_label_is_its_language(html, expected):
    assert mark(html) == expected


def test_a_heading_that_leads_to_itself_is_no_link():
    assert mark('<h2 id=chains><a href="#chains">Chains</a></h2>') == "## Chains"
    assert mark('<h2><a href="/chains#x">Chains</a></h2>') == "## [Chains](https://example.org/chains#x)"


def test_words_that_style_sheets_separate():
    assert mark("<h2><a href=/d>Davis</a><em>Shipwreck</em></h2>") == "## [Davis](https://example.org/d) *Shipwreck*"
    assert mark("<p><span class='d-block b'>12</span><span class=block>May</span></p>") == "12 May"
    assert mark("<p><span>May</span><span>be</span> <b>H</b>ello</p>") == "Maybe **H**ello"


def test_a_term_that_holds_a_heading_is_not_bold_as_well():
    assert mark("<dl><dt><h5>Help</h5><dd>x</dl>") == "##### Help\n\nx"


def test_buttons_that_are_no_content():
    assert clean("<p>a</p><button>Copy link</button><button>Play the film</button>") == "<p>a</p><p>Play the film</p>"


@pytest.mark.parametrize(
    "image",
    [
        "<img class='avatar avatar-48' src=/u/1.jpg alt='mira'>",
        "<img src=https://secure.gravatar.com/avatar/12 alt='mira'>",
        "<img src=/avatars/u1.png alt='@mira'>",
        "<img class=custom-logo src=/l.png alt='The Courier'>",
    ],
)
def test_portraits_of_users_and_logos_are_no_pictures_of_the_text(image):
    assert clean(f"<p>{image} Next</p>") == "<p>Next</p>"
    assert "<img" in clean(f"<figure>{image}<figcaption>The painter</figcaption></figure>")


def test_the_logo_of_the_site_is_left_out():
    assert mark('<p><a href="/"><img src="/l.png" alt="Valley Notes"></a></p><p>Text</p>') == "Text"
    assert "![Map]" in mark('<p><a href="/map"><img src="/m.png" alt="Map"></a></p><p>Text</p>')


def test_an_avatar_may_say_so_in_its_text():
    assert mark('<p><img src="/36/jonah.jpg" alt="Jonah Reed\'s avatar"></p><p>Text</p>') == "Text"


@pytest.mark.parametrize(
    "source",
    ["https://img.shields.io/crates/v/ripple.svg", "https://github.com/a/b/actions/workflows/ci.yml/badge.svg"],
)
def test_badges_are_left_out(source):
    assert mark(f'<p><a href="/ci"><img src="{source}" alt="CI"></a></p><p>Text</p>') == "Text"


def test_a_picture_of_a_badge_stays():
    assert "![A badge]" in mark('<p><img src="/scouts/badge-1912.jpg" alt="A badge"></p>')
