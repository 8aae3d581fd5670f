"""What goes wrong in the browser."""

from __future__ import annotations

from pagemill.errors.fetching import FetchError


class BrowserError(FetchError):
    """A page could not be rendered."""

    code = "browser_error"


class BrowserUnavailableError(BrowserError):
    """There is no Chromium on this machine. The message says what to do."""

    code = "browser_unavailable"


class BrowserCrashedError(BrowserError):
    """Rendering the page ended the browser, or the part of it that held the page."""

    code = "browser_crashed"


class ActionError(BrowserError):
    """An action could not be carried out. `index` is its place in the request, from 0."""

    code = "action_failed"

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index
