"""What the failures of pages look like to clients: of one page, and of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.model import Failure, Page


def failure_text(failure: Failure) -> str:
    """Return a failure as one sentence, with its code in parentheses."""
    return f"{failure.message} ({failure.code})"


def batch_error(pages: Sequence[Page]) -> str | None:
    """Return why a batch with these pages failed: the first failure, and how many there are. None without any."""
    failed = [page for page in pages if page.status is Status.FAILED]
    return failed_urls(len(failed), len(pages), failed[0].failure) if failed else None


def failed_urls(failed: int, pages: int, first: Failure | None) -> str:
    """Return how many URLs of a batch failed, and why the first of them did."""
    counted = f"{failed} of {pages} URLs failed."
    return f"{counted} The first: {failure_text(first)}" if first else counted
