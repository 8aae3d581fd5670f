"""The URLs of a batch, valid and invalid ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.api.wire.request_validation import batch_urls, page_url
from pagemill.errors import InvalidUrlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.settings import Settings


def parted_urls(urls: Sequence[str], settings: Settings, *, ignore_invalid: bool) -> tuple[list[str], list[str]]:
    """Return the URLs that can be scraped, and those that cannot.

    Raises errors.InvalidUrlError for one of these unless they are ignored, and where all are; and errors.RequestError
    for too many.
    """
    if not ignore_invalid:
        return batch_urls(urls, settings), []
    valid, invalid = [], []
    failure: InvalidUrlError | None = None
    for index, url in enumerate(urls):
        try:
            valid.append(page_url(url, f"urls[{index}]", settings.requests.max_url_length))
        except InvalidUrlError as error:
            failure = failure or error
            invalid.append(url)
    if not valid and failure is not None:
        raise failure
    return batch_urls(valid, settings), invalid
