"""MathML: translates presentation markup to TeX, and to safe markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from turbohtml import Element, Text, escape

if TYPE_CHECKING:
    from collections.abc import Callable

# Presentation MathML Core, without elements that can contain HTML or load resources (annotation-xml, mglyph, maction).
TAGS = frozenset(
    [
        *(
            "mrow",
            "mi",
            "mn",
            "mo",
            "ms",
            "mtext",
            "mspace",
            "mfrac",
            "msqrt",
            "mroot",
            "mstyle",
            "mpadded",
            "mphantom",
        ),
        *(
            "mphantom",
            "menclose",
            "mfenced",
            "msub",
            "msup",
            "msubsup",
            "munder",
            "mover",
            "munderover",
            "mmultiscripts",
            "mtable",
        ),
        *("mtr", "mtd", "mprescripts", "none", "semantics", "merror"),
    ]
)
_TOKENS = frozenset(["mi", "mn", "mo", "ms", "mtext"])
_MAX_DEPTH = 60

_SYMBOLS = {
    "×": r"\times ", "÷": r"\div ", "±": r"\pm ", "∓": r"\mp ", "⋅": r"\cdot ", "·": r"\cdot ", "−": "-", "≤": r"\le ",
    "≥": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "≡": r"\equiv ", "∞": r"\infty ", "∑": r"\sum ", "∏": r"\prod ",
    "∫": r"\int ", "∂": r"\partial ", "∇": r"\nabla ", "∈": r"\in ", "∉": r"\notin ", "⊂": r"\subset ", "∪": r"\cup ",
    "∩": r"\cap ", "→": r"\to ", "←": r"\leftarrow ", "⇒": r"\Rightarrow ", "⇔": r"\Leftrightarrow ", "∀": r"\forall ",
    "∃": r"\exists ", "…": r"\ldots ", "⋯": r"\cdots ", "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ",
    "δ": r"\delta ", "ε": r"\epsilon ", "ζ": r"\zeta ", "η": r"\eta ", "θ": r"\theta ", "κ": r"\kappa ",
    "λ": r"\lambda ", "μ": r"\mu ", "ν": r"\nu ", "ξ": r"\xi ", "π": r"\pi ", "ρ": r"\rho ", "σ": r"\sigma ",
    "τ": r"\tau ", "φ": r"\phi ", "χ": r"\chi ", "ψ": r"\psi ", "ω": r"\omega ", "Γ": r"\Gamma ", "Δ": r"\Delta ",
    "Θ": r"\Theta ", "Λ": r"\Lambda ", "Σ": r"\Sigma ", "Φ": r"\Phi ", "Ψ": r"\Psi ", "Ω": r"\Omega ",
    "ℝ": r"\mathbb{R}",
    "{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "_": r"\_", "$": r"\$", "\u2061": "", "\u2062": "",
    "\u2063": ",", "\u2064": "+",
}  # fmt: skip
_ACCENTS = {"^": "hat", "¯": "bar", "‾": "bar", "→": "vec", "˙": "dot", "~": "tilde", "˜": "tilde", "¨": "ddot"}


def to_tex(math: Element) -> str:
    """The presentation markup of a `<math>` element as TeX. Unknown elements become their text."""
    return re.sub(r" +", " ", _row(math, 0)).strip()


def _row(element: Element, depth: int) -> str:
    return "".join(_tex(child, depth + 1) for child in element.children if isinstance(child, Element))


def _tex(element: Element, depth: int) -> str:
    if depth > _MAX_DEPTH:
        return " ".join(element.text.split())
    tag = element.tag
    if tag in _TOKENS:
        return _token(element, tag)
    if tag in ("annotation", "annotation-xml"):
        return ""
    write = _WRITERS.get(tag)
    return _row(element, depth) if write is None else write(element, depth)


def _token(element: Element, tag: str) -> str:
    text = _own_text(element)
    if tag in ("mtext", "ms"):
        return f"\\text{{{text}}}" if text else ""
    tex = "".join(_SYMBOLS.get(character, character) for character in text)
    return f"\\operatorname{{{tex}}}" if tag == "mi" and len(text) > 1 and text.isalpha() and text.isascii() else tex


def _arguments(element: Element, depth: int, count: int) -> list[str]:
    """The TeX of an element's first `count` children, padded with empty texts."""
    children = [child for child in element.children if isinstance(child, Element)][:count]
    return [_tex(child, depth + 1).strip() for child in children] + [""] * (count - len(children))


def _scripted(*operators: str) -> Callable[[Element, int], str]:
    def write(element: Element, depth: int) -> str:
        base, *scripts = _arguments(element, depth, 1 + len(operators))
        if len(base) > 1 and not base.startswith("\\"):
            base = f"{{{base}}}"
        return base + "".join(
            f"{operator}{{{script}}}" for operator, script in zip(operators, scripts, strict=True) if script
        )

    return write


def _fraction(element: Element, depth: int) -> str:
    above, below = _arguments(element, depth, 2)
    return f"\\frac{{{above}}}{{{below}}}"


def _root(element: Element, depth: int) -> str:
    base, index = _arguments(element, depth, 2)
    return f"\\sqrt[{index}]{{{base}}}"


def _over(element: Element, depth: int) -> str:
    base, above = _arguments(element, depth, 2)
    children = [child for child in element.children if isinstance(child, Element)]
    accent = _ACCENTS.get(children[1].text.strip()) if len(children) > 1 else None
    return f"\\{accent}{{{base}}}" if accent else f"{{{base}}}^{{{above}}}"


def _table(element: Element, depth: int) -> str:
    rows = [row for row in element.children if isinstance(row, Element)]
    lines = [" & ".join(_row(cell, depth + 2) for cell in row.children if isinstance(cell, Element)) for row in rows]
    return "\\begin{matrix} " + " \\\\ ".join(lines) + " \\end{matrix}"


def _fenced(element: Element, depth: int) -> str:
    return f"{element.attr('open') or '('}{_row(element, depth)}{element.attr('close') or ')'}"


_WRITERS: dict[str, Callable[[Element, int], str]] = {
    "mfrac": _fraction,
    "msqrt": lambda element, depth: f"\\sqrt{{{_row(element, depth)}}}",
    "mroot": _root,
    "msup": _scripted("^"),
    "msub": _scripted("_"),
    "msubsup": _scripted("_", "^"),
    "munder": _scripted("_"),
    "mover": _over,
    "munderover": _scripted("_", "^"),
    "mtable": _table,
    "mfenced": _fenced,
    "mspace": lambda _element, _depth: " ",
}


def markup(element: Element, depth: int = 0) -> str:
    """The presentation elements under `element` as markup without attributes. Other elements are omitted."""
    parts: list[str] = []
    for child in element.children:
        if not isinstance(child, Element) or child.tag not in TAGS or depth > _MAX_DEPTH:
            continue
        inner = escape(_own_text(child), quote=False) if child.tag in _TOKENS else markup(child, depth + 1)
        parts.append(f"<{child.tag}>{inner}</{child.tag}>")
    return "".join(parts)


def _own_text(element: Element) -> str:
    """The text directly in a token element."""
    return " ".join("".join(node.data for node in element.children if isinstance(node, Text)).split())
