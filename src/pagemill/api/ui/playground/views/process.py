"""The program that makes a text of a page ready to be shown. It can be killed, whatever the text makes it do.

Its input is a JSON object, its output HTML. `view` says which; `text` is what is shown.
"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.api.ui.playground.views.evidence import marked_text
from pagemill.api.ui.playground.views.highlighting import highlighted_html, highlighted_json
from pagemill.api.ui.playground.views.markdown import rendered_markdown
from pagemill.process_lifetime import die_with_parent, limit_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VIEWS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "rendered": lambda asked: rendered_markdown(asked["text"]),
    "html": lambda asked: highlighted_html(asked["text"]),
    "json": lambda asked: highlighted_json(asked["text"]),
    "evidence": lambda asked: marked_text(asked["text"], asked["places"]),
}


def main() -> None:
    """Make one text ready."""
    limit_memory(int(sys.argv[1]))
    die_with_parent(int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    asked = orjson.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(VIEWS[asked["view"]](asked).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
