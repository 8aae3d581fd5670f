"""Formulas: reads TeX from MathML, KaTeX, MathJax and Wikipedia's markup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pagemill.extraction.reading.characters import normalize_space
from pagemill.extraction.writing import mathml

if TYPE_CHECKING:
    from turbohtml import Element, Node

_CONTAINERS = ".katex-display, .katex, mjx-container, .MathJax, .MathJax_Display, .MathJax_SVG, .MathJax_Preview, "
_CONTAINERS += '.mwe-math-element, math, math-renderer, script[type^="math/tex"]'
# The largest depth of a formula's parts in its outermost container, and the largest number of containers.
_MAX_NESTING, _MAX_CONTAINERS = 12, 20_000
_TEX_DELIMITED = re.compile(
    r"\\\((?P<inline>(?:[^\\$]|\\[^()\[\]])+?)\\\)|\\\[(?P<display>(?:[^\\$]|\\[^()\[\]])+?)\\\]|\$\$(?P<dollars>[^$]+)\$\$"
    r"|(?P<environment>\\begin\{(?P<name>(?:align|equation|gather|multline|eqnarray)\*?)\}[^$]{0,2000}?\\end\{(?P=name)\})"
)
# As Pandoc reads it: neither a space inside the delimiters nor a digit after them, so that prices are no formulas.
_DOLLAR_DELIMITED = re.compile(
    _TEX_DELIMITED.pattern + r"|(?<![\\$\w])\$(?=[^\s$])(?P<dollar>[^$\n]{1,300})(?<![\s\\])\$(?![\d$])"
)
# The configuration of MathJax 2 and 3, and of KaTeX's auto-render.
_SINGLE_DOLLAR = re.compile(
    r"inlineMath\s*['\"]?\s*:\s*(?:\{[^}]{0,40})?\[[^;]{0,80}?['\"]\$['\"]|left\s*['\"]?\s*:\s*['\"]\$['\"]"
)
_MAX_SCRIPTS, _MAX_CONFIGURATION = 100, 20_000


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as TeX on one line; `display` if it is a block of its own."""

    tex: str
    display: bool
    source: Element | None = None
    """The `<math>` element that it was read from, if there is one."""


def find(root: Element) -> dict[Element, Formula | None]:
    """The elements under `root` that represent a formula. None marks duplicates of another one."""
    found: dict[Element, Formula | None] = {}
    for container in root.select(_CONTAINERS)[:_MAX_CONTAINERS]:
        if not any(ancestor in found for ancestor in islice(container.ancestors, _MAX_NESTING)):
            found[container] = _read(container)
    return found


def _read(container: Element) -> Formula | None:
    if container.tag == "script":
        return _formula(container.text, "mode=display" in (container.attr("type") or ""))
    if container.tag == "math-renderer":  # GitHub: TeX with its delimiters, typeset by a script
        tex = container.text.strip()
        return _formula(tex.strip("$").strip("`"), tex.startswith("$$"))
    math = container if container.tag == "math" else container.find("math")
    if math is None or _followed_by_script(container):
        return None
    display = (
        math.attr("display") == "block"
        or container.attr("display") == "true"
        or container.has_class("katex-display")
        or container.has_class("MathJax_Display")
    )
    return _formula(tex_of(math), display, math)


def _followed_by_script(container: Element) -> bool:
    """Whether the formula's source follows its rendering, as with MathJax 2."""
    following = container.next_sibling
    return getattr(following, "tag", "") == "script" and "math/tex" in (following.attr("type") or "")  # type: ignore[union-attr]


def _formula(tex: str, display: bool, source: Element | None = None) -> Formula | None:
    tex = safe(tex)
    return Formula(tex, display, source) if tex else None


def tex_of(math: Element) -> str:
    """The TeX of a `<math>` element: its annotation, else its `alttext`, else its translation, else its text."""
    for annotation in math.iter_elements("annotation"):
        if "tex" in (annotation.attr("encoding") or "").lower():
            return annotation.text
    return math.attr("alttext") or mathml.to_tex(math) or math.text


def safe(tex: str) -> str:
    """The same formula on one line, without what a renderer without formula support would read as markup."""
    tex = normalize_space(tex)
    if tex.startswith("{\\displaystyle") and tex.endswith("}"):
        tex = tex.removeprefix("{\\displaystyle").removesuffix("}").strip()
    tex = tex.removeprefix("\\displaystyle ").replace("<", "\\lt ").replace(">", "\\gt ").replace("`", "'")
    tex = re.sub(r"(?<!\\)\$", "", tex).replace("](", "] (").replace("][", "] [").replace("&#", "& #")
    return " ".join(tex.split()).rstrip("\\")


def delimited_in_text(root: Node) -> re.Pattern[str] | None:
    """The formulas that a script of the page of `root` typesets from TeX in the text; None if there is no such script.

    A single dollar sign delimits formulas only where the page's own script says so.
    """
    top = root
    for top in root.ancestors:  # noqa: B007 — the last ancestor is the document
        pass
    if top.select_one('script[src*="mathjax" i], script[src*="katex" i], script[id*="mathjax" i]') is None:
        return None
    for script in top.select("script:not([src])")[:_MAX_SCRIPTS]:
        if "$" in (configuration := script.text[:_MAX_CONFIGURATION]) and _SINGLE_DOLLAR.search(configuration):
            return _DOLLAR_DELIMITED
    return _TEX_DELIMITED


def split(text: str, delimited: re.Pattern[str]) -> list[str | Formula]:
    r"""Split a text with `\(…\)`, `\[…\]` and `$$…$$` into texts and formulas. `delimited`: see `delimited_in_text`."""
    parts: list[str | Formula] = []
    end = 0
    for match in delimited.finditer(text):
        found = match.groupdict()
        inline = found["inline"] or found.get("dollar")
        formula = _formula(inline or found["display"] or found["dollars"] or found["environment"], inline is None)
        if formula is not None:
            parts += [text[end : match.start()], formula]
            end = match.end()
    return [*parts, text[end:]]
