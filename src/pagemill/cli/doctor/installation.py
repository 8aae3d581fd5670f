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


def check_compiled_loop() -> Finding:
    """Whether the loop that chooses content is compiled, and else what it takes to compile it."""
    from pagemill.extraction.choosing.model.trees import compiled

    if compiled is not None:
        return ok("compiled loop", "the loop that chooses content is compiled")
    missing = []
    if not any(map(shutil.which, _COMPILERS)):
        missing.append("a C compiler (on Debian: gcc)")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        missing.append("Python's headers (on Debian: python3-dev)")
    first = f"Install {' and '.join(missing)}, then install" if missing else "Install"
    return warning(
        "compiled loop",
        "The loop that chooses content is not compiled: extraction is slower, with the same results.",
        f"{first} Pagemill again.",
    )
