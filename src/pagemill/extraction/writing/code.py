"""Code blocks: their exact text and their language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Element, Text

from pagemill.extraction.reading.characters import strip_invisible

if TYPE_CHECKING:
    from turbohtml import Node

# Class names by which highlighters tell the language: `language-python` (HTML standard, Prism), `lang-py`,
# `highlight-source-shell` (GitHub), `highlight-python` (Sphinx), `brush: js` (SyntaxHighlighter).
_LANGUAGE = re.compile(r"(?i)(?:^|\s)(?:language|lang|highlight-source|highlight|brush)[-:]\s*([a-z0-9][\w+#.-]*)")
_CLASS_LANGUAGES = frozenset(
    [
        *("bash", "c", "clojure", "cpp", "csharp", "css", "dart", "diff", "dockerfile", "elixir", "erlang", "go"),
        *("graphql", "groovy", "haskell", "html", "ini", "java", "javascript", "js", "json", "jsx", "julia", "kotlin"),
        *("latex", "lisp", "lua", "makefile", "matlab", "nginx", "objectivec", "ocaml", "perl", "php", "powershell"),
        *("python", "r", "ruby", "rust", "scala", "scheme", "scss", "shell", "sql", "swift", "toml", "ts", "tsx"),
        *("typescript", "vim", "xml", "yaml"),
    ]
)
_LABEL_LANGUAGES = frozenset(["c++", "c#", "console", "http", "jsonc", "node.js", "objective-c", "terminal", "yml"])
_COPY = frozenset(["copy", "copy code", "copy to clipboard", "copied", "copied!"])
_NO_LANGUAGE = frozenset(["none", "text", "plain", "plaintext", "plain-text", "txt", "default", "auto", "nohighlight"])
_BREAKING = frozenset(["div", "p", "li", "tr", "pre", "table", "ol", "ul"])
_DROPPED = (
    "script, style, template, button, textarea, select, svg, .linenos, .lineno, .line-numbers-rows, .hljs-ln-numbers"
)
# Many code blocks may stand in one element, whose classes are read for each of them.
_MAX_CLASS_LENGTH = 1000
# Control characters that Python or Markdown would read as whitespace or as a line break.
_CONTROL = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")


def text(block: Element) -> str:
    """The text of a `<pre>`, without line numbers and without blank lines at its ends."""
    parts: list[str] = []
    for node in block.remove(_DROPPED).descendants:
        if parts and not parts[-1].endswith("\n") and _begins_line(node):
            parts.append("\n")
        if isinstance(node, Text):
            parts.append(node.data)
        elif isinstance(node, Element) and node.tag == "br":
            parts.append("\n")
    joined = _CONTROL.sub("", strip_invisible("".join(parts)).replace("\r\n", "\n").replace("\r", "\n")).replace(
        "\xa0", " "
    )
    return re.sub(r"\A(?:[ \t]*\n)+", "", joined).rstrip()


def _begins_line(node: Node) -> bool:
    """Whether a block starts at this node or ended right before it."""
    if isinstance(node, Element) and node.tag in _BREAKING:
        return True
    before = node.previous_sibling
    return (
        isinstance(before, Element)
        and before.tag in _BREAKING
        and not (isinstance(node, Text) and node.data[:1] == "\n")
    )


def is_label(text: str) -> bool:
    """Whether a line right before a code block is only its language or the label of a button."""
    name = text.lower()
    return name in _COPY or is_language(name)


def is_language(name: str) -> bool:
    """Whether a name in lower case is the name of a language."""
    return name in _CLASS_LANGUAGES or name in _LABEL_LANGUAGES


def language(block: Element) -> str:
    """The language in a code block's markup, in lower case; empty if there is none."""
    holders: list[object] = [block.find("code"), block]
    parent = block.parent
    for _ in range(2):
        holders.append(parent)
        parent = parent.parent if parent is not None else None
    for holder in holders:
        if isinstance(holder, Element):
            name = _named_language(holder)
            if name:
                return "" if name in _NO_LANGUAGE else name
    return ""


def _named_language(element: Element) -> str:
    """The language in the attributes of one element."""
    classes = (element.attr("class") or "")[:_MAX_CLASS_LENGTH]
    match = _LANGUAGE.search(classes)
    name = match[1] if match else element.attr("data-lang") or element.attr("data-language") or ""
    if not name and element.tag in ("pre", "code"):
        name = next((word for word in classes.lower().split() if word in _CLASS_LANGUAGES), "")
    name = name.strip().lower().rstrip("-.;:")
    return name if re.fullmatch(r"[a-z0-9][\w+#.-]{0,30}", name) else ""
