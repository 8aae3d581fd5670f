"""What goes wrong for a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.client.results import Page


class ClientError(Exception):
    """The root of the client's errors. `code` is for programs, and the text for people."""

    code = "client_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(ClientError):
    """The address or the key that a client was given is none."""

    code = "invalid_configuration"


class ServiceUnreachableError(ClientError):
    """The service did not answer, tried again or not."""

    code = "service_unreachable"


class ApiError(ClientError):
    """The service refused a request: `status` is HTTP's, and `code` one of the service's own."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class PageFailedError(ClientError):
    """A page could not be scraped. `page` is what is known of it."""

    code = "page_failed"

    def __init__(self, page: Page) -> None:
        super().__init__(f"{page.url}: {page.error}")
        self.page = page


class JobNotEndedError(ClientError):
    """A job did not end in the time that the caller had. It goes on: `job_id` finds it again."""

    code = "job_not_ended"

    def __init__(self, job_id: str, seconds: float) -> None:
        super().__init__(f"{job_id} did not end in {seconds:g} seconds. It goes on.")
        self.job_id = job_id
