"""The headers of requests that Firecrawl's clients send."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[
    str | None, Header(alias="x-idempotency-key", min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")
]
"""Chosen by the client. A request with one that came before is answered with the job of then."""
