"""The one way in which the programs here write their figures: a section of README.md between two markers."""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).with_name("README.md")


def write_section(name: str, text: str) -> None:
    """Put a section between its markers in README.md, or at its end where it has none yet."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    old = README.read_text()
    if start not in old:
        old = f"{old.rstrip()}\n\n{start}\n{end}\n"
    before, _, rest = old.partition(start)
    README.write_text(f"{before}{start}\n{text}\n{end}{rest.partition(end)[2]}")
