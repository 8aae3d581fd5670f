"""Playwright's errors, as all that speaks to Chromium raises them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pagemill.fetching.browser.devtools.connection import DevToolsError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `DevToolsError` in place of Playwright's error."""
    from playwright.async_api import Error

    try:
        yield
    except Error as error:
        raise DevToolsError(error.message) from error
