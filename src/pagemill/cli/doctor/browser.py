"""Checks Chromium: that it is there and starts, whom it runs as, and whether its sandbox is on."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

from pagemill.cli.doctor.finding import Finding, failed, ok, warning
from pagemill.errors import BrowserError, BrowserUnavailableError
from pagemill.fetching.browser.chromium import INSTALL_COMMAND, find_chromium
from pagemill.fetching.browser.devtools.process import DevToolsBrowser
from pagemill.fetching.browser.launching.account import chromium_account

if TYPE_CHECKING:
    from pathlib import Path

    from pagemill.fetching.browser.launching.account import Account
    from pagemill.settings import Settings

_CHROMIUM, _SANDBOX = "Chromium", "Chromium's sandbox"
_NOWHERE = "http://127.0.0.1:9"
"""A proxy that is none: the browser that is started here fetches nothing."""


async def check_browser(settings: Settings) -> list[Finding]:
    """Start a browser and end it again."""
    try:
        executable = find_chromium(settings)
    except BrowserUnavailableError as error:
        hint = f"Pages that need a browser fail as browser_unavailable until then. To install it: {INSTALL_COMMAND}"
        return [warning(_CHROMIUM, error.message, hint)]
    account = await chromium_account(settings, executable)
    return [await _start(executable, account, settings), _check_sandbox(account)]


async def _start(executable: Path, account: Account, settings: Settings) -> Finding:
    try:
        process = await DevToolsBrowser.start(executable, _NOWHERE, settings, images=False)
    except BrowserError as error:
        reason = str(error.__context__ or error).strip().partition("\n")[0]
        hint = "Run it by hand to see what it lacks."
        if account.sandbox:
            hint += " Where its sandbox is refused, see deploy/README.md."
        return failed(_CHROMIUM, f"{executable} does not start: {reason}.", hint)
    try:
        return ok(_CHROMIUM, f"{executable} starts, version {process.version}")
    finally:
        await process.close()


def _check_sandbox(account: Account) -> Finding:
    user = account.name or pwd.getpwuid(os.geteuid()).pw_name
    if account.warning is not None:
        return warning(_SANDBOX, account.warning, "See docs/fetching.md.")
    return ok(_SANDBOX, f"on; Chromium runs as {user}")
