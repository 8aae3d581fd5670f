"""Signals that tell whether a parsed page contains its content or scripts still have to insert it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.extraction.choosing.features import word_count
from pagemill.extraction.reading.page_index import PageIndex
from pagemill.model import Signals

if TYPE_CHECKING:
    from turbohtml import Document, Element

MAX_WORDS = 1000
"""Words are counted up to this number."""

# The elements into which frameworks render a page: React, Next, Gatsby, Nuxt, Vue, Angular, Svelte, Ember, Discourse.
MOUNT_POINTS = (
    "#root, #app, #__next, #___gatsby, #__nuxt, #__layout, #svelte, #ember-app, #main-outlet, #react-root, #app-root, "
    "#application, #mount, app-root, [ng-version], [data-reactroot], [data-server-rendered], discourse-assets"
)
_JAVASCRIPT_WORDS = ("javascript", "scripts")


def read(tree: Document, index: PageIndex | None = None) -> Signals:
    """Read the signals of a page. It changes nothing and runs before pruning. Linear in the size of the page.

    `index`: the index of the tree, if it exists already.
    """
    index = index or PageIndex(tree)
    words = word_count.count(index.text, MAX_WORDS)
    scripts = sum(_is_executable(script) for script in index.scripts)
    characters = sum(len(string) for script in index.scripts for string in script.strings)
    if words >= MAX_WORDS:
        return Signals(words, scripts, script_characters=characters)
    warning = any(
        word in element.text.lower() for element in tree.iter_elements("noscript") for word in _JAVASCRIPT_WORDS
    )
    mount_point = tree.select_one(MOUNT_POINTS) is not None
    return Signals(words, scripts, mount_point, noscript_warning=warning, script_characters=characters)


def _is_executable(script: Element) -> bool:
    """Whether a `<script>` is executable, not a data block (HTML, "prepare the script element", steps 8 to 13)."""
    kind = (script.attr("type") or "").partition(";")[0].strip().lower()
    return kind in ("", "module") or kind.endswith(("javascript", "ecmascript", "jscript", "livescript"))
