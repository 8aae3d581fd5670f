"""Checks Python and what was compiled at installation."""

from __future__ import annotations

import platform
import shutil
import sys
import sysconfig
from pathlib import Path

from pagemill.cli.doctor.finding import Finding, failed, ok, warning

OLDEST_PYTHON = (3, 11)
_COMPILERS = ("cc", "gcc", "clang")


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Whether Python is new enough."""
    shown = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return failed("python", f"This is Python {shown}.", f"Install Python {oldest} or newer.")
    return ok("python", f"Python {shown}, {platform.system()} {platform.machine()}")


def check_compiled_code() -> Finding:
    """Whether the loops that choose content are compiled, and else what it takes to compile them."""
    from pagemill.extraction.choosing.blocks import CompiledWalk
    from pagemill.extraction.choosing.features.short_texts import WordTable
    from pagemill.extraction.choosing.model.trees import compiled

    loops = {"the walk over a page": CompiledWalk, "the table of words": WordTable, "the trees of the model": compiled}
    plain = [name for name, loop in loops.items() if loop is None]
    if not plain:
        return ok("compiled code", ", ".join(loops))
    missing = []
    if not any(map(shutil.which, _COMPILERS)):
        missing.append("a C compiler (on Debian: gcc)")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        missing.append("Python's headers (on Debian: python3-dev)")
    first = f"Install {' and '.join(missing)}, then install" if missing else "Install"
    return warning(
        "compiled code",
        f"Not compiled: {', '.join(plain)}. Extraction is slower, with the same results.",
        f"{first} Pagemill again.",
    )
