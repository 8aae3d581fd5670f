"""What keeps a page from becoming structured data: the page itself still completes."""

from __future__ import annotations

from pagemill.errors.root import PagemillError


class StructuringError(PagemillError):
    """No structured data could be made of a page."""

    code = "structuring_failed"


class ModelError(StructuringError):
    """The language model's server could not be had, or answered with an error."""

    code = "model_unavailable"


class ModelTimeoutError(ModelError):
    """The language model did not answer in time."""

    code = "model_timeout"


class ModelRateLimitedError(ModelError):
    """The language model's server asked for fewer requests, and kept asking."""

    code = "model_rate_limited"


class ModelRefusedError(ModelError):
    """The language model declined to answer."""

    code = "model_refused"


class ModelAnswerError(ModelError):
    """The language model's answer is cut off, is no JSON, or does not fit the schema."""

    code = "model_answer_invalid"
