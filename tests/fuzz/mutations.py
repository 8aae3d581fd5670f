"""Hypothesis strategies that damage whole inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_EDITS = 6
_MAX_REPEATED = 300


@st.composite
def mutated(draw: st.DrawFn, inputs: Sequence[bytes], tokens: Sequence[bytes] = (b"\0", b"\xff\xfe")) -> bytes:
    """Return one of the inputs with some edits: bytes changed, parts left out, repeated, moved, or tokens put in."""
    body = draw(st.sampled_from(inputs))
    for _ in range(draw(st.integers(0, _MAX_EDITS))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 40)))
        part = body[start:end]
        kind = draw(st.sampled_from(("change", "insert", "delete", "repeat", "move", "cut")))
        if kind == "change":
            body = body[:start] + draw(st.binary(min_size=len(part), max_size=len(part))) + body[end:]
        elif kind == "insert":
            body = body[:start] + draw(st.sampled_from(tokens)) + body[start:]
        elif kind == "delete":
            body = body[:start] + body[end:]
        elif kind == "repeat":
            body = body[:start] + part * draw(st.integers(2, _MAX_REPEATED)) + body[end:]
        elif kind == "move":
            rest = body[:start] + body[end:]
            place = draw(st.integers(0, len(rest)))
            body = rest[:place] + part + rest[place:]
        else:
            body = body[:start]
    return body


def mutated_text(inputs: Sequence[str], tokens: Sequence[str] = ("\0", "\u2028")) -> st.SearchStrategy[str]:
    """Return one of the inputs, damaged, as text."""
    damaged = mutated([text.encode() for text in inputs], [token.encode() for token in tokens])
    return damaged.map(lambda body: body.decode("utf-8", "replace"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
