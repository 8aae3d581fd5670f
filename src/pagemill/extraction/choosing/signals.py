"""Signs: what of a parsed page tells whether its content is in it, or is still to be put there by scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.extraction.choosing.features import word_count
from pagemill.extraction.reading.page_index import PageIndex
from pagemill.model import Signals

if TYPE_CHECKING:
    from turbohtml import Document, Element

MAX_WORDS = 1000
"""Words are counted no further."""

# Where frameworks put a page together: React, Next, Gatsby, Nuxt, Vue, Angular, Svelte, Ember, Discourse.
MOUNT_POINTS = (
    "#root, #app, #__next, #___gatsby, #__nuxt, #__layout, #svelte, #ember-app, #main-outlet, #react-root, #app-root, "
    "#application, #mount, app-root, [ng-version], [data-reactroot], [data-server-rendered], discourse-assets"
)
_JAVASCRIPT_WORDS = ("javascript", "scripts")


def read(tree: Document, index: PageIndex | None = None) -> Signals:
    """Count and look; nothing is changed. Called before content is chosen. Linear in the size of the page.

    `page`: the tree's face, where others look at it too.
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
    """Whether it is a script, and not data such as JSON-LD (HTML, "prepare the script element", steps 8 to 13)."""
    kind = (script.attr("type") or "").partition(";")[0].strip().lower()
    return kind in ("", "module") or kind.endswith(("javascript", "ecmascript", "jscript", "livescript"))
