"""`pagemill install-browser`: sees to it that there is a Chromium for pages that need a browser.

One that is there already, Playwright's own, or that of the distribution (Debian and Ubuntu, as root), in this order.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from pagemill.errors import BrowserUnavailableError
from pagemill.fetching.browser.chromium import find_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pagemill.settings import Settings

_TIMEOUT = 600
_STDERR = 2  # the path of what was found is all that goes to standard output
_PACKAGES = ("chromium-headless-shell", "chromium", "chromium-browser")


def run(settings: Settings) -> int:
    """Install Chromium where there is none; return 1 where that cannot be done."""
    found = _find(settings)
    for words in _attempts() if found is None else ():
        print("+", *words, file=sys.stderr)
        _run(words)
        found = _find(settings)
        if found is not None:
            break
    if found is None:
        print(
            "No Chromium could be installed. Pages that need a browser fail as browser_unavailable until there is:\n"
            "as root on Debian or Ubuntu, apt-get install chromium-headless-shell; elsewhere, any Chrome or Chromium.",
            file=sys.stderr,
        )
        return 1
    print(found)
    return 0


def _find(settings: Settings) -> Path | None:
    try:
        return find_chromium(settings)
    except BrowserUnavailableError:
        return None


def _attempts() -> Iterator[list[str]]:
    may_install_packages = os.geteuid() == 0 and shutil.which("apt-get") is not None
    with_libraries = ["--with-deps"] if may_install_packages else []
    yield [sys.executable, "-m", "playwright", "install", *with_libraries, "--only-shell", "chromium"]
    if may_install_packages:
        yield ["apt-get", "update", "-qq"]
        for package in _PACKAGES:
            yield ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]


def _run(words: list[str]) -> None:
    environment = os.environ | {
        "DEBIAN_FRONTEND": "noninteractive",
        "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": os.environ.get("PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT", "10000"),
    }
    try:
        subprocess.run(words, env=environment, check=False, timeout=_TIMEOUT, stdout=_STDERR)  # noqa: S603 - fixed words
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
