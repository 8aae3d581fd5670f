"""Rewrites markup of well-known software to plain HTML, before content is chosen.

What is code, a table, a formula or a picture becomes the element that HTML has for it. What no reader sees or reads as
part of the text (text for screen readers, edit links, line numbers, boxes for newsletters) is removed.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element, Text, parse_fragment
from turbohtml.clean import strip_comments_node

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from turbohtml import Node

    from pagemill.extraction.reading.markup_names import MarkupNames

# For screen readers (Bootstrap, WordPress, Angular, GOV.UK, Foundation, Drupal, OJS), links that edit or address a
# heading, lead back from a footnote or to the source of an API, and what well-known software never shows.
_INVISIBLE = (
    ".sr-only, .visually-hidden, .visuallyhidden, .screen-reader-text, .screenreader-text, .screen-reader-only, "
    ".cdk-visually-hidden, .govuk-visually-hidden, .a11y-hidden, .mw-editsection, .mw-jump-link, .mw-empty-elt, "
    ".shortdescription, .mw-cite-backlink, a.headerlink, a.header-anchor, a.heading-anchor, a.anchorjs-link, "
    "a.hash-link, .octicon-link, .ltx_tag_item, .show-for-sr, .element-invisible, .u-visually-hidden, "
    ".is-visually-hidden, .pkp_screen_reader, a.pilcrow, h2.memtitle .permalink, .viewcode-link, .viewcode-back, "
    "a.footnote-backref, a.footnote-back, a.reversefootnote, a.data-footnote-backref, "
    'a[role="doc-backlink"]:not(.label a), '
    "#copy-path, .rustdoc summary.hideme, time.published + time.updated, .a-price > [aria-hidden=true], "
    "#license-tr, #watermark-tr, #siteSub, #contentSub, amp-iframe > [placeholder], amp-ad, amp-embed, "
    ".slider-buttons, .lightbox-wrapper .meta, .package-alerts"
)
_HIDDEN_NAMES = frozenset(
    {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "govuk-visually-hidden"}
)
# Line numbers: Chroma (Hugo), Pygments, Rouge, VitePress, Prism, highlight.js, React's highlighters, GitHub, doxygen.
_LINE_NUMBERS = (
    "pre .ln, pre .lnt, code .ln, .lntable td.lntd:first-child:not(:last-child), .line-numbers-wrapper, "
    ".line-numbers-rows, .react-syntax-highlighter-line-number, code .linenumber, pre .linenumber, pre .line-number, "
    "pre .lineno, pre .linenos, pre .linenodiv, .hljs-ln-numbers, td.gutter, td.linenos, td.blob-num, td.rouge-gutter, "
    'pre span[style*="user-select:none"], pre span[style*="user-select: none"], .fragment .lineno'
)
# Boxes within articles that are no part of them. Only names that say what the whole box is.
_BOXES = (
    ".advertisement, .advert, .ad-container, .ad-slot, .ad-wrapper, .adsbygoogle, .google-auto-placed, "
    ".newsletter-signup, .newsletter-box, .newsletter-form, .inline-newsletter, .email-signup, .subscribe-box, "
    ".subscription-widget-wrap, .subscription-widget-wrap-editor, .subscription-widget, .paywall-prompt, "
    ".sharedaddy, .jp-relatedposts, .addtoany_share_save_container, .social-share, .share-buttons, .sharing-buttons, "
    ".related-posts, .related-articles, .related-stories, .recommended-articles, .yarpp, .yarpp-related, "
    ".cookie-banner, .cookie-notice, .cookie-consent, #cookie-banner, #onetrust-consent-sdk, "
    ".author-bio, .author-box, .about-author, .saboxplugin-wrap, .online-list, "
    '[aria-label="ads" i], [aria-label="advertisement" i], [aria-label="advertisements" i]'
)
# What leads elsewhere or says what the page around the content is.
_AROUND = (
    '.breadcrumb, .breadcrumbs, [aria-label="breadcrumb" i], [aria-label="breadcrumbs" i], '
    '[itemtype$="schema.org/BreadcrumbList"], .theme-doc-version-badge, .kg-signup-card, '
    ".wp-block-jetpack-subscriptions, .wp-block-jetpack-subscriptions__container, "
    ".wprm-recipe-rating, .wprm-recipe-pin, .wprm-recipe-print, .wprm-recipe-jump, "
    ".wprm-call-to-action, .affiliate-disclosure, .md-source-file, .product_meta > .posted_in, "
    ".product_meta > .tagged_as, .woocommerce-product-rating, .product__tax, "
    ".navbox, #p-lang-btn, .catlinks, .printfooter, #titlearea"
)
# The labels of tabs: each panel is shown without them (WAI-ARIA, pymdownx, VitePress, Sphinx Design).
_TAB_LABELS = '[role="tablist"], .tabbed-labels, .vp-code-group > .tabs, label.sd-tab-label'
_PANELS = '[role="tabpanel"], pre, p, article'
# Lists that Javadoc lays out its pages with.
_LAYOUT_LISTS = (
    "ul.blockList, ul.blockListLast, ul.block-list, ul.summary-list, ul.details-list, ul.member-list, ul.inheritance"
)
_NESTED_LISTS = "ol > ol, ol > ul, ul > ol, ul > ul"
_TASKS = "li > input[type=checkbox][disabled], .task-list-item > input, .task-list-item > label > input"
_BULLET = re.compile(r"\s*[•‣◦▪●○■]\s*(?=\S)")
CHECKED, UNCHECKED = "☑", "☐"
"""The marks of the items of a task list."""
CHOICES = "data-choices-of-form"
"""The attribute of a line that holds the choices of a form."""
# Counters of visits are programs; their pictures have a query.
COUNTER = re.compile(r"(?i)(?:^|/)(?:hit-?)?counter\.(?:(?:cgi|php)\b|(?:gif|png)\?)")
"""The address of a picture that counts visits."""
_MIN_CHOICES, _MAX_CHOICES = 2, 200
_SUBSCRIBE_BUTTONS = "p.button-wrapper"
_ROLES = {
    "table": "table",
    "grid": "table",
    "rowgroup": "tbody",
    "row": "tr",
    "cell": "td",
    "gridcell": "td",
    "columnheader": "th",
    "rowheader": "th",
}
_MAX_LABEL = 40
_MAX_PICTOGRAPH = 4
_MAX_LEVELS = 3
_MAX_NEAR = 100
"""How many elements are searched for the code that a label stands above."""
_LANGUAGE_NAME = re.compile(r"[a-z][a-z0-9+#.-]{0,20}")
_MIN_LINES = 3
_CODE_TABLES = "table.highlighttable, table.lntable, figure.highlight > table, .syntaxhighlighter table"
_DOXYGEN_NAMES = "table.params td.paramname, table.retval td.paramname, table.exception td.paramname"
_DOXYGEN = "table.memberdecls, table.memname, table.params, table.retval, table.exception"
_BLOCKS = ("div", "p", "ul", "ol", "dl", "table", "pre", "blockquote", "figure", "section", "h1", "h2", "h3", "h4")
_SENTENCE_TAGS = frozenset({"p", "li", "td", "dd", "span", "em", "strong", "i", "b", "a"})


def normalize(body: Element, names: MarkupNames) -> None:
    """Rewrite the tree under `body` in place. Linear in its size. `names`: those of its markup.

    Comments go first: what stands beside what does not depend on them.
    """
    strip_comments_node(body)
    names.remove(body, _INVISIBLE)
    names.remove(body, _LINE_NUMBERS)
    _code_lines(body, names)
    _titled_code(body, names)
    _language_labels(body, names)
    _lines(body, names)
    _javadoc(body, names)
    _doxygen(body, names)
    _tasks(body, names)
    for image in names.select(body, "amp-img"):
        image.tag = "img"
        image.clear()
    _tables(body, names)
    _footers_last(body, names)
    _numbers(body, names)
    _items(body, names)
    _decorations(body, names)
    _choices(body, names)
    _buttons(body, names)


def _counters(body: Element, names: MarkupNames) -> None:
    """Remove the lines around counters of visits."""
    for image in names.select(body, ':is(p, font, center) > img[src*="counter." i]'):
        around = image.parent if COUNTER.search(image.attr("src") or "") else None
        if isinstance(around, Element) and len(around.text.strip()) <= _MAX_LABEL:
            around.extract()


def hidden_headline(headings: Sequence[Element]) -> str:
    """The text of a page's only first-level heading, if it is for screen readers alone; else nothing.

    `headings`: the first-level headings of the page.
    """
    if len(headings) != 1 or _HIDDEN_NAMES.isdisjoint((headings[0].attr("class") or "").split()):
        return ""
    return " ".join(headings[0].text.split())


def remove_boxes(body: Element, names: MarkupNames) -> None:
    """Remove boxes of advertisement, subscription and sharing, and comparable parts that are not content."""
    for box in names.select(body, _BOXES):
        if not _holds_most(box, body):
            box.extract()
    _fields(body, names)
    _counters(body, names)
    for button in names.select(body, _SUBSCRIBE_BUTTONS):
        if len(list(button.find_all("a"))) == 1 and len(button.text.strip()) <= _MAX_LABEL:
            button.extract()


def _fields(body: Element, names: MarkupNames) -> None:
    """Remove the labels of fields that choose how a page is shown: of a `<select>`, of a checkbox beside buttons."""
    for label in names.select(body, "label:has(select), button ~ label:has(input[type=checkbox])"):
        label.extract()


def remove_labels(body: Element, names: MarkupNames) -> None:
    """Remove what surrounds or labels content from what was chosen: breadcrumbs, tabs and the like."""
    for labels in names.select(body, _TAB_LABELS):
        if labels.select_one(_PANELS) is None:
            labels.extract()
    for part in names.select(body, _AROUND):
        if not _holds_most(part, body):
            part.extract()


def _holds_most(box: Element, body: Element) -> bool:
    """Whether a box has a main part of the page in it: then its name says something else."""
    return box.find("main") is not None or box is body or box.find("h1") is not None


def _code_lines(body: Element, names: MarkupNames) -> None:
    """Make a `<pre>` of code that has an element for each line: doxygen, SyntaxHighlighter, EnlighterJS."""
    for block in names.select(body, "div.fragment, .syntaxhighlighter td.code .container, .crayon-pre"):
        lines = [child for child in block.children if isinstance(child, Element)]
        code = "\n".join(line.text.rstrip() for line in lines)
        if code and block.closest("pre") is None:  # an empty text is none, and begins no block
            _replace(block, "pre", code)


def _titled_code(body: Element, names: MarkupNames) -> None:
    """Part the title of a code block from it, and the code from the table that lays out its line numbers."""
    for table in names.select(body, _CODE_TABLES):
        codes = [code for code in table.find_all("pre") if code.text.strip()]
        if len(codes) != 1:
            continue
        code = codes[0]
        owner = table.parent
        while isinstance(owner, Element) and not (owner.attr("class") or owner.tag == "body"):
            owner = owner.parent
        if isinstance(owner, Element) and code.attr("class") is None and (classes := owner.attr("class")):
            code.attrs["class"] = _language_class(classes.split())
        title = table.select_one("th.filename, td.filename, caption")
        if title is not None and title.text.strip():
            heading = Element("p")
            heading.append(Text(title.text.strip()))
            table.insert_before(heading)
        table.replace_with(code)


def _language_labels(body: Element, names: MarkupNames) -> None:
    """Move the language that a label above a code block names to the block."""
    for label in names.select(body, '[aria-label="language" i]'):
        name = label.text.strip().lower()
        code: Element | None = None
        for around in islice(label.ancestors, _MAX_LEVELS):
            if code is None and isinstance(around, Element):
                near = islice(around.iter_elements(), _MAX_NEAR)
                code = next((element for element in near if element.tag == "pre"), None)
        if code is not None and _LANGUAGE_NAME.fullmatch(name):
            if code.attr("class") is None:
                code.attrs["class"] = f"language-{name}"
            label.extract()


def _language_class(names: Iterable[str]) -> str:
    """Hexo writes `highlight bash`, MkDocs `language-py highlight`."""
    known = [name for name in names if name not in ("highlight", "code", "chroma")]
    named = next((name for name in known if name.startswith(("language-", "lang-"))), None)
    return named or (f"language-{known[0]}" if known else "")


def _lines(body: Element, names: MarkupNames) -> None:
    """Make paragraphs of lines that are a `<div>` each, with an empty one between verses, as editors write them."""
    containers: dict[Element, None] = {}
    for empty in names.select(body, "div > div > br:only-child"):
        line = empty.parent
        container = line.parent if isinstance(line, Element) and not line.text.strip() else None
        if isinstance(container, Element):
            containers[container] = None
    for container in containers:
        lines = [child for child in container.children if isinstance(child, Element)]
        if len(lines) < _MIN_LINES or any(
            line.tag != "div" or next(line.iter_elements(_BLOCKS), None) is not None for line in lines
        ):
            continue
        paragraph: Element | None = None
        for line in lines:
            last = next((node for node in reversed(line.children) if not _is_blank(node)), None)
            if isinstance(last, Element) and last.tag == "br":
                last.extract()
            if not line.text.strip() and line.find("img") is None:
                line.extract()
                paragraph = None
            elif paragraph is None:
                line.tag, paragraph = "p", line
            else:
                paragraph.append(Element("br"))
                paragraph.extend(list(line.extract().children))


def _javadoc(body: Element, names: MarkupNames) -> None:
    """Make tables of the grids of Javadoc 16 and later, and sections of its lists."""
    for grid in names.select(body, ".summary-table, .details-table"):
        cells = [child for child in grid.children if isinstance(child, Element)]
        width = sum("table-header" in (cell.attr("class") or "") for cell in cells)
        if not width or len(cells) % width:
            continue
        for start in range(0, len(cells), width):
            row = cells[start : start + width]
            for cell in row:
                cell.tag = "td" if start else "th"
            grid.append(Element("tr", children=row))
        grid.tag = "table"
    for listed in names.select(body, _LAYOUT_LISTS):
        listed.tag = "div"
        for item in listed.children:
            if isinstance(item, Element) and item.tag == "li":
                item.tag = "div"


def _doxygen(body: Element, names: MarkupNames) -> None:
    """Part headings from the tables of doxygen's members, and write their signatures as lines."""
    if names.select_one(body, _DOXYGEN) is None:
        return
    for heading in names.select(body, "table.memberdecls tr.heading h2"):
        table = heading.closest("table")
        row = heading.closest("tr")
        if table is not None and row is not None:
            table.insert_before(heading.extract())
            row.extract()
    names.remove(body, 'table.memberdecls tr[class^="separator"]')
    for table in names.select(body, ".memproto > table.memname, .mlabels-left > table.memname"):
        line = Element("p")
        for cell in list(table.iter_elements(("td",))):
            line.extend(list(cell.children))
        table.replace_with(line)
    for name in names.select(body, _DOXYGEN_NAMES):
        name.tag = "th"


def _tasks(body: Element, names: MarkupNames) -> None:
    """Write the state of a task as a mark before it."""
    for box in names.select(body, _TASKS):
        box.replace_with(Text(f"{UNCHECKED if box.attr('checked') is None else CHECKED} "))


def _tables(body: Element, names: MarkupNames) -> None:
    """Make tables of elements with the roles of tables (WAI-ARIA 1.2, "table")."""
    for table in names.select(body, 'div[role="table"], div[role="grid"]'):
        if table.select_one('[role="cell"], [role="gridcell"]') is None:
            continue
        for part in [table, *table.select("[role]")]:
            tag = _ROLES.get(part.attr("role") or "")
            if tag is not None:
                part.tag = tag
                del part.attrs["role"]


def _footers_last(body: Element, names: MarkupNames) -> None:
    """Put the footer of a table behind its rows: HTML 4 wrote it first, and browsers show it last."""
    for footer in names.select(body, "table > tfoot:not(:last-child)"):
        table = footer.parent
        if isinstance(table, Element):
            table.append(footer.extract())


def _numbers(body: Element, names: MarkupNames) -> None:
    """Number lists from the values of their items (HTML standard, "the li element").

    Only its first number can be told of a list, so a later item that does not count on begins another list.
    """
    for item in names.select(body, "ol > li[value]:first-child"):
        numbered = item.parent
        if isinstance(numbered, Element) and (value := _integer(item.attr("value"), -1)) >= 0:
            numbered.attrs["start"] = str(value)
    for listed in {item.parent: None for item in names.select(body, "ol > li[value]:not(:first-child)")}:
        if isinstance(listed, Element) and "reversed" not in listed.attrs:
            _part_list(listed)


def _part_list(listed: Element) -> None:
    """Begin another list with each item that does not count on."""
    items = [child for child in listed.children if isinstance(child, Element)]
    starts: dict[int, int] = {}
    number = _integer(listed.attr("start"), 1)
    for place, item in enumerate(items):
        value = _integer(item.attr("value"), number)
        if value != number and place:
            starts[place] = value
        number = value + (item.tag == "li")
    # Made at once: an element that is made alone takes 64 KB.
    lists = iter(parse_fragment("<ol></ol>" * len(starts), positions=False).children)
    last = listed
    for place, item in enumerate(items):
        if place in starts and isinstance(after := next(lists), Element):
            after.attrs["start"] = str(starts[place])
            last.insert_after(after)
            last = after
        if last is not listed:
            last.append(item.extract())


def _integer(written: str | None, otherwise: int) -> int:
    return int(written) if written is not None and re.fullmatch(r"\s*\d{1,9}\s*", written) else otherwise


def _decorations(body: Element, names: MarkupNames) -> None:
    """Remove pictographs that are hidden from screen readers: they say nothing that is not said beside them."""
    for part in names.select(body, 'span[aria-hidden="true"]'):
        text = part.text.strip()
        if (
            len(text) <= _MAX_PICTOGRAPH
            and text
            and all(unicodedata.category(sign) in ("So", "Mn", "Sk") for sign in text)
        ):
            part.extract()


def _items(body: Element, names: MarkupNames) -> None:
    """Put a list that stands between items into the item before it, and remove bullets that are written as text."""
    lists: dict[Node | None, None] = {nested.parent: None for nested in names.select(body, _NESTED_LISTS)}
    for listed in lists:
        item: Element | None = None
        for child in listed.children if isinstance(listed, Element) else ():
            if isinstance(child, Element) and child.tag in ("ol", "ul") and item is not None:
                item.append(child.extract())
            elif not _is_blank(child):
                item = child if isinstance(child, Element) and child.tag == "li" else None
    for item in names.select(body, "ul > li"):
        first = next(iter(item), None)
        if isinstance(first, Text) and (bullet := _BULLET.match(first.data)):
            first.data = first.data[bullet.end() :]


def _choices(body: Element, names: MarkupNames) -> None:
    """Write the choices of a form as a line: `Height: 10 cm, 20 cm`."""
    for group in names.select(body, "fieldset:has(> legend):has(input[type=radio])"):
        legend = group.find("legend")
        written = next((node for node in legend.descendants if isinstance(node, Text)), None) if legend else None
        labels = [" ".join(label.text.split()) for label in group.find_all("label")]
        if legend is None or written is None or len(labels) < _MIN_CHOICES or not all(labels):
            continue
        name = " ".join(legend.text.split()).rstrip(":")
        line = f"{name}: {', '.join(labels)}"
        if name and len(line) <= _MAX_CHOICES:
            written.data = line
            group.tag = "p"
            group.clear()
            group.append(written)
            group.attrs[CHOICES] = ""


def _buttons(body: Element, names: MarkupNames) -> None:
    """A button after a text within a sentence is a word of it: what it shows on a click is not there."""
    for button in names.select(body, "button"):
        before, parent = button.previous_sibling, button.parent
        in_sentence = isinstance(parent, Element) and parent.tag in _SENTENCE_TAGS
        if in_sentence and isinstance(before, Text) and not before.data.isspace():
            button.tag = "span"


def _is_blank(node: Node) -> bool:
    return isinstance(node, Text) and node.data.isspace()


def _replace(element: Element, tag: str, text: str) -> None:
    new = Element(tag)
    new.append(Text(text))
    element.replace_with(new)
