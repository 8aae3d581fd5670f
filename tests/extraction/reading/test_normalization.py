# ruff: noqa: E501 — cases read best one to a line
from __future__ import annotations

import pytest
from turbohtml import parse

from pagemill.extraction import extract
from pagemill.extraction.reading import normalization
from pagemill.extraction.reading.markup_names import MarkupNames


def normalized(markup: str) -> str:
    body = parse(f"<body>{markup}</body>").select_one("body")
    normalization.normalize(body, MarkupNames(body))
    return body.inner_html


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="#x">Map<span class="sr-only"> (opens in a new tab)</span></a>',
        '<a href="#x">Map<span class="visually-hidden"> (opens in a new tab)</span></a>',
        '<a href="#x">Map</a><span class="screen-reader-text">of the valley</span>',
        '<a href="#x">Map</a><span class="mw-editsection">[<a>edit</a>]</span>',
    ],
)
def test_what_only_screen_readers_and_editors_see_goes(markup):
    assert normalized(markup) == '<a href="#x">Map</a>'


@pytest.mark.parametrize(
    "name",
    [
        *("visuallyhidden", "screenreader-text", "screen-reader-only", "cdk-visually-hidden", "govuk-visually-hidden"),
        *("a11y-hidden", "show-for-sr", "element-invisible", "u-visually-hidden", "is-visually-hidden"),
        *("pkp_screen_reader", "mw-jump-link", "mw-empty-elt", "shortdescription", "octicon-link", "ltx_tag_item"),
        *("viewcode-link", "viewcode-back", "mw-cite-backlink"),
    ],
)
def test_the_classes_of_what_is_not_shown(name):
    assert normalized(f'<p>Text<span class="{name}">(opens)</span></p>') == "<p>Text</p>"


@pytest.mark.parametrize(
    "name",
    [
        *("headerlink", "header-anchor", "heading-anchor", "anchorjs-link", "hash-link", "footnote-backref"),
        *("footnote-back", "reversefootnote", "data-footnote-backref"),
    ],
)
def test_the_classes_of_links_to_a_heading_or_back_from_a_note(name):
    assert normalized(f'<p>Text<a class="{name}" href="#x">#</a></p>') == "<p>Text</p>"


@pytest.mark.parametrize(
    "markup",
    [
        '<h2 class="memtitle">f<span class="permalink"><a href="#f">◆</a></span></h2>',
        '<details class="rustdoc"><summary class="hideme">Expand</summary>f</details>',
        '<h2>f<button id="copy-path">Copy</button></h2>',
        '<span class="a-price">f<span aria-hidden="true">$1</span></span>',
        '<p>f<span id="siteSub">From a wiki</span><span id="contentSub">redirected</span></p>',
        "<p>f<amp-ad>ad</amp-ad><amp-embed>ad</amp-embed><amp-iframe><i placeholder>wait</i></amp-iframe></p>",
        '<p>f<span id="license-tr">CC</span><span id="watermark-tr">arXiv</span></p>',
        '<pre><span class="lnt">1</span>f</pre>',
        '<code><span class="ln">1</span>f</code>',
        '<div class="line-numbers-wrapper"><span>1</span></div><pre>f</pre>',
        '<pre>f<span class="line-numbers-rows"><span>1</span></span></pre>',
        '<code><span class="linenumber">1</span>f</code>',
        '<pre><span class="linenumber">1</span>f</pre>',
        '<pre><span class="line-number">1</span>f</pre>',
        '<pre><span class="lineno">1</span>f</pre>',
        '<pre><span class="linenos">1</span>f</pre>',
        '<pre><span class="linenodiv">1</span>f</pre>',
        '<table><tr><td class="hljs-ln-numbers">1</td><td>f</td></tr></table>',
        '<table><tr><td class="gutter">1</td><td>f</td></tr></table>',
        '<table><tr><td class="linenos">1</td><td>f</td></tr></table>',
        '<table><tr><td class="blob-num">1</td><td>f</td></tr></table>',
        '<table><tr><td class="rouge-gutter">1</td><td>f</td></tr></table>',
    ],
)
def test_what_well_known_software_does_not_mean_to_be_read(markup):
    assert parse(normalized(markup)).select_one("body").text == "f"


@pytest.mark.parametrize(
    "markup",
    [
        '<pre><code><span class="ln">1</span>a\n<span class="ln">2</span>b</code></pre>',
        (
            '<pre><code><span style="white-space:pre;user-select:none;color:#7f7f7f">1</span>a\n'
            '<span style="user-select: none">2</span>b</code></pre>'
        ),
        '<pre><code><span class="react-syntax-highlighter-line-number">1</span>a\nb</code></pre>',
    ],
)
def test_line_numbers_are_no_code(markup):
    assert parse(normalized(markup)).select_one("pre").text == "a\nb"


def test_a_column_of_line_numbers_goes_and_its_table_with_it():
    code = '<pre class="chroma"><code class="language-go">package main\n</code></pre>'
    markup = '<div class="highlight"><table class="lntable"><tr><td class="lntd"><pre><code>1\n</code></pre></td>'
    assert (
        normalized(f'{markup}<td class="lntd">{code}</td></tr></table></div>') == f'<div class="highlight">{code}</div>'
    )


def test_the_title_of_a_code_block_stands_before_it():
    row = '<td class="linenos"><pre>1</pre></td><td class="code"><pre><code>x = 1</code></pre></td>'
    table = f'<table class="highlighttable"><tr><th class="filename" colspan="2">a.py</th></tr><tr>{row}</tr></table>'
    found = normalized(f'<div class="language-py highlight">{table}</div>')
    assert (
        found == '<div class="language-py highlight"><p>a.py</p><pre class="language-py"><code>x = 1</code></pre></div>'
    )


def test_the_language_of_a_figure_is_that_of_its_code():
    row = '<tr><td class="gutter"><pre>1</pre></td><td class="code"><pre>npm i</pre></td></tr>'
    found = normalized(f'<figure class="highlight bash"><table>{row}</table></figure>')
    assert found == '<figure class="highlight bash"><pre class="language-bash">npm i</pre></figure>'


def test_an_element_for_each_line_becomes_code():
    markup = (
        '<div class="fragment"><div class="line"><span class="lineno">1</span>a {</div><div class="line">}</div></div>'
    )
    assert normalized(markup) == "<pre>a {\n}</pre>"


def test_lines_without_text_are_no_code():
    markup = '<div class="fragment"><div class="line"></div></div>'
    assert normalized(markup) == markup
    assert extract(markup.encode(), "https://example.org/").markdown == ""


def test_roles_of_a_table_make_a_table():
    cells = '<div role="row"><div role="columnheader">A</div></div><div role="row"><div role="cell">1</div></div>'
    assert normalized(f'<div role="table">{cells}</div>') == ("<table><tr><th>A</th></tr><tr><td>1</td></tr></table>")


def test_a_table_footer_that_is_written_first_comes_last():
    rows = "<tbody><tr><td>1</td></tr></tbody>"
    footer = "<tfoot><tr><td>2</td></tr></tfoot>"
    assert normalized(f"<table>{footer}{rows}</table>") == f"<table>{rows}{footer}</table>"


def test_a_list_begins_with_the_number_of_its_first_item():
    assert normalized('<ol><li value="4">a</li></ol>') == '<ol start="4"><li value="4">a</li></ol>'


def test_a_button_within_a_sentence_is_a_word():
    assert normalized("<p>It is a <button>spillway</button> here.</p>") == "<p>It is a <span>spillway</span> here.</p>"
    assert normalized("<p><button>Share</button></p>") == "<p><button>Share</button></p>"


def test_amp_images_are_images():
    assert normalized('<amp-img src="/a.jpg" alt="A"><img src="/b.jpg"></amp-img>') == '<img src="/a.jpg" alt="A">'


@pytest.mark.parametrize(
    "name",
    [
        *("advertisement", "advert", "ad-container", "ad-slot", "ad-wrapper", "adsbygoogle", "google-auto-placed"),
        *("newsletter-signup", "newsletter-box", "newsletter-form", "inline-newsletter", "email-signup"),
        *("subscribe-box", "subscription-widget-wrap", "subscription-widget-wrap-editor", "subscription-widget"),
        *("paywall-prompt", "sharedaddy", "jp-relatedposts", "addtoany_share_save_container", "social-share"),
        *("share-buttons", "sharing-buttons", "related-posts", "related-articles", "related-stories"),
        *("recommended-articles", "yarpp", "yarpp-related", "cookie-banner", "cookie-notice", "cookie-consent"),
        *("author-bio", "author-box", "about-author", "saboxplugin-wrap", "online-list"),
    ],
)
def test_boxes_that_are_no_part_of_an_article_go(name):
    body = parse(f'<body><p>Text.</p><div class="{name}"><p>Box.</p></div></body>').select_one("body")
    normalization.remove_boxes(body, MarkupNames(body))
    assert body.inner_html == "<p>Text.</p>"


def test_a_box_around_the_page_stays():
    markup = '<div class="advertisement"><main><h1>Advertisement in the nineties</h1><p>Text.</p></main></div>'
    body = parse(f"<body>{markup}</body>").select_one("body")
    normalization.remove_boxes(body, MarkupNames(body))
    assert body.inner_html == markup


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<p>Text.<a class="pilcrow" href="#s1">¶</a></p>', "<p>Text.</p>"),
        ('<p>A note. <a href="#r1" role="doc-backlink">↩</a></p>', "<p>A note. </p>"),
        (
            '<time class="published">4 May</time><time class="updated">6 May</time>',
            '<time class="published">4 May</time>',
        ),
    ],
)
def test_what_leads_back_or_is_not_shown_goes(markup, expected):
    assert normalized(markup) == expected


def test_the_state_of_a_task_is_a_mark():
    markup = '<ul><li class="task-list-item"><input type="checkbox" checked> Done</li><li><input type="checkbox" disabled>Not</li></ul>'
    assert normalized(markup) == '<ul><li class="task-list-item">☑  Done</li><li>☐ Not</li></ul>'


def test_checkboxes_of_a_form_are_no_tasks():
    markup = '<ul><li><input type="checkbox" name="new"> New only</li></ul>'
    assert normalized(markup) == markup


def test_a_list_between_items_belongs_to_the_item_before():
    assert normalized("<ol><li>One</li><ol><li>Inner</li></ol></ol>") == "<ol><li>One<ol><li>Inner</li></ol></li></ol>"


def test_bullets_that_are_written_as_text_go():
    assert normalized("<ul><li>• One</li><li>Two • three</li></ul>") == "<ul><li>One</li><li>Two • three</li></ul>"


def test_the_grids_and_lists_of_javadoc_are_tables_and_sections():
    header = '<div class="table-header col-first">Type</div><div class="table-header col-last">Method</div>'
    cells = '<div class="col-first">int</div><div class="col-last">size</div>'
    body = parse(f'<ul class="summary-list"><li><div class="summary-table">{header}{cells}</div></li></ul>').select_one(
        "body"
    )
    normalization.normalize(body, MarkupNames(body))
    assert body.find("ul") is None
    assert [[cell.text for cell in row.children] for row in body.find_all("tr")] == [
        ["Type", "Method"],
        ["int", "size"],
    ]


def test_the_signatures_and_headings_of_doxygen_are_no_table():
    members = (
        '<table class="memberdecls"><tr class="heading"><td colspan="2"><h2>Functions</h2></td></tr>'
        '<tr class="memitem"><td>int</td><td>f</td></tr><tr class="separator:a"><td colspan="2">\xa0</td></tr></table>'
    )
    assert normalized(members) == (
        '<h2>Functions</h2><table class="memberdecls"><tbody><tr class="memitem"><td>int</td><td>f</td></tr></tbody></table>'
    )
    signature = '<div class="memproto"><table class="memname"><tr><td>int f </td><td>(int </td><td><em>n</em>)</td></tr></table></div>'
    assert normalized(signature) == '<div class="memproto"><p>int f (int <em>n</em>)</p></div>'


@pytest.mark.parametrize(
    "markup",
    [
        '<ol class="breadcrumb"><li><a href="/">Home</a></li></ol>',
        '<nav aria-label="Breadcrumbs"><a href="/">Home</a></nav>',
        '<ul role="tablist"><li role="tab">npm</li></ul>',
        *(
            f'<div class="{name}">Around</div>'
            for name in (
                *("breadcrumbs", "theme-doc-version-badge", "kg-signup-card", "wp-block-jetpack-subscriptions"),
                *("wp-block-jetpack-subscriptions__container", "wprm-recipe-rating", "wprm-recipe-pin"),
                *("wprm-recipe-print", "wprm-recipe-jump", "navbox", "catlinks", "printfooter", "tabbed-labels"),
            )
        ),
        '<nav aria-label="breadcrumb">Home</nav>',
        '<div itemtype="https://schema.org/BreadcrumbList">Home</div>',
        '<div id="p-lang-btn">Languages</div>',
        '<div id="titlearea">Project</div>',
        '<label class="sd-tab-label">npm</label>',
    ],
)
def test_breadcrumbs_and_the_labels_of_tabs_are_no_content(markup):
    body = parse(f"{markup}<p>Text</p>").select_one("body")
    normalization.remove_labels(body, MarkupNames(body))
    assert body.inner_html == "<p>Text</p>"


def test_tabs_with_their_panels_inside_stay():
    body = parse('<div role="tablist"><button>npm</button><div role="tabpanel">npm i x</div></div>').select_one("body")
    normalization.remove_labels(body, MarkupNames(body))
    assert "npm i x" in body.text


def test_comments_do_not_stand_between():
    markup = "<ul><li>a</li><!-- --><ul><li><!-- -->• b</li></ul></ul><p>a <!-- --><button>c</button> d</p>"
    assert normalized(markup) == "<ul><li>a<ul><li>b</li></ul></li></ul><p>a <span>c</span> d</p>"


def test_spaces_behind_breaks_do_not_part_verses():
    markup = "<div>\n<div>a<br>\n</div>\n<div>b<br>\n</div>\n<div><br></div>\n<div>c</div></div>"
    assert normalized(markup).replace("\n", "") == "<div><p>a<br>b</p><p>c</p></div>"


def test_lines_of_verses_are_paragraphs():
    assert (
        normalized("<div><div>One,<br></div><div>two,</div><div><br></div><div><em>three</em>.</div></div>")
        == "<div><p>One,<br>two,</p><p><em>three</em>.</p></div>"
    )
    layout = "<div><div><p>One</p></div><div><br></div><div>Two</div></div>"
    assert normalized(layout) == layout


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<ol><li value="4">a</li><li>b</li></ol>', '<ol start="4"><li value="4">a</li><li>b</li></ol>'),
        (
            '<ol><li>a</li><li value="7">b</li><li>c</li></ol>',
            '<ol><li>a</li></ol><ol start="7"><li value="7">b</li><li>c</li></ol>',
        ),
        ('<ol start="0"><li>a</li><li value="1">b</li></ol>', '<ol start="0"><li>a</li><li value="1">b</li></ol>'),
        ('<ol><li>a</li><li value="x">b</li></ol>', '<ol><li>a</li><li value="x">b</li></ol>'),
    ],
)
def test_an_item_that_does_not_count_on_begins_a_list(markup, expected):
    assert normalized(markup) == expected


def test_the_choices_of_a_form_become_a_line():
    form = "<fieldset><legend>Height</legend>{}</fieldset>"
    choice = '<input type="radio" id="{0}"><label for="{0}">{0}</label>'
    both = form.format(choice.format("10 cm") + choice.format("20 cm"))
    assert normalized(both) == f'<p {normalization.CHOICES}="">Height: 10 cm, 20 cm</p>'
    assert normalized(form.format(choice.format("10 cm"))).startswith("<fieldset>")


def test_pictographs_that_are_hidden_go_and_words_that_are_hidden_stay():
    assert normalized('<p>5.41pm<span aria-hidden="true">📌</span></p>') == "<p>5.41pm</p>"
    assert "£18" in normalized('<p><span aria-hidden="true">£18</span></p>')


def test_a_label_names_the_language_of_the_code_below_it():
    markup = '<div><div><span aria-label="Language">Python</span><b>a.py</b></div><div><pre>a = 1</pre></div></div>'
    assert normalized(markup) == '<div><div><b>a.py</b></div><div><pre class="language-python">a = 1</pre></div></div>'


@pytest.mark.parametrize(
    ("markup", "headline"),
    [
        ('<h1 class="visually-hidden">Results for bells</h1>', "Results for bells"),
        ("<h1>Results</h1>", ""),
        ('<h1 class="sr-only">Logo</h1><h1>Results</h1>', ""),
    ],
)
def test_the_only_headline_may_be_for_screen_readers(markup, headline):
    assert normalization.hidden_headline(list(parse(markup).iter_elements("h1"))) == headline


@pytest.mark.parametrize(
    "markup",
    [
        "<label>Sort by <select><option>Price</select></label>",
        '<button>Latest</button><label><input type="checkbox"> Key moments only</label>',
        '<p><img src="/images/counter.gif?w" alt="counter"><br>visitors since 3/97</p>',
    ],
)
def test_what_only_steers_or_counts_is_no_content(markup):
    body = parse(f"<body><div>{markup}</div><p>Text</p></body>").select_one("body")
    normalization.remove_boxes(body, MarkupNames(body))
    assert body.text.replace("Latest", "").strip() == "Text"


@pytest.mark.parametrize(
    "src", ["/encounter.jpg", "/granite-counter.png?w=800", "/img/countertop.png?x", "counter.png"]
)
def test_a_picture_of_something_that_is_called_a_counter_stays(src):
    page = extract(f'<p><img src="{src}" alt="Oak"></p>'.encode(), "https://example.org/", only_main_content=False)
    assert "Oak" in page.markdown
    body = parse(f'<body><p><img src="{src}" alt="Oak"></p></body>').select_one("body")
    normalization.remove_boxes(body, MarkupNames(body))
    assert body.find("img") is not None
