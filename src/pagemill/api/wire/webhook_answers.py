"""The request and response bodies of webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NotRequired

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill.api.wire.answer_shapes import Time
from pagemill.api.wire.answers import time_text
from pagemill.jobs.webhooks.endpoints import ENDPOINT_EVENTS, Event
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from pagemill.jobs.webhooks.endpoints import Delivery, Endpoint

_EVENTS = "The events to be told of. Not given: the ends of jobs and batches."


def _of_endpoints(event: Event) -> Event:
    if event not in ENDPOINT_EVENTS:
        raise PydanticCustomError("event", "endpoints are not told of this event")
    return event


_EndpointEvent = Annotated[Event, Field(strict=False), AfterValidator(_of_endpoints)]


class EndpointFields(BaseModel):
    """What an endpoint is made of. Every field may be left out or null."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, frozen=True, extra="ignore")

    description: str | None = Field(None, max_length=1000, pattern=r"^[^\x00]*$", description="For people.")
    events: list[_EndpointEvent] | None = Field(None, min_length=1, description=_EVENTS)
    is_active: bool | None = Field(None, description="Whether it is told anything. A new endpoint is.")


class EndpointRequest(EndpointFields):
    """A URL to be told of events."""

    url: str = Field(description="Where to: http or https.", json_schema_extra={"format": "uri"})


class EndpointPatch(EndpointFields):
    """What is to change of an endpoint; what is left out, or null, stays."""

    url: str | None = Field(None, description="Where to: http or https.", json_schema_extra={"format": "uri"})


class WebhookEndpoint(TypedDict):
    """A URL that is told of events."""

    id: Annotated[str, Field(examples=["whe_0123456789abcdef01234567"])]
    url: str
    description: NotRequired[str]
    events: list[Event]
    isActive: bool
    createdAt: Time


class NewWebhookEndpoint(WebhookEndpoint):
    """An endpoint that was just registered."""

    secret: Annotated[str, Field(description="What its deliveries are signed with. Shown here only.")]


class Deleted(TypedDict):
    """What was deleted."""

    id: str
    deleted: Literal[True]


class TestResult(TypedDict):
    """How a test went."""

    deliveryId: str
    httpStatus: NotRequired[Annotated[int, Field(description="What the receiver answered with, if it did.")]]
    success: bool
    error: NotRequired[str]


class WebhookDelivery(TypedDict):
    """One message to one receiver."""

    id: Annotated[str, Field(examples=["whd_0123456789abcdef0123456789abcdef"])]
    endpointId: NotRequired[Annotated[str, Field(description="Not there: the `webhook_url` of the request.")]]
    monitorId: NotRequired[Annotated[str, Field(description="Of the monitor whose alert it is.")]]
    jobId: NotRequired[Annotated[str, Field(description="Not there: a test.")]]
    event: Event
    channel: Literal["webhook"]
    url: str
    status: Literal["pending", "success", "failed", "exhausted"]
    httpStatus: NotRequired[Annotated[int, Field(description="What the receiver answered with at last, if it did.")]]
    attempts: Annotated[int, Field(ge=0)]
    error: NotRequired[Annotated[str, Field(description="Why the last attempt was in vain.")]]
    nextAttemptAt: NotRequired[Time]
    createdAt: Time


class Secret(TypedDict):
    """The account's secret."""

    secret: Annotated[str, Field(description="What deliveries to a request's `webhook_url` are signed with.")]


def endpoint(found: Endpoint) -> WebhookEndpoint:
    """Return an endpoint without its secret."""
    fields: WebhookEndpoint = {
        "id": found.id,
        "url": mask_credentials(found.url),
        "events": list(found.events),
        "isActive": found.is_active,
        "createdAt": time_text(found.created_at),
    }
    if found.description is not None:
        fields["description"] = found.description
    return fields


def delivery(found: Delivery) -> WebhookDelivery:
    """Return an entry of the log; what there is nothing to say of is left out."""
    fields: WebhookDelivery = {
        "id": found.id,
        "event": found.event,
        "channel": "webhook",
        "url": mask_credentials(found.url),
        "status": found.status.value,
        "attempts": found.attempts,
        "createdAt": time_text(found.created_at),
    }
    if found.endpoint_id is not None:
        fields["endpointId"] = found.endpoint_id
    if found.monitor_id is not None:
        fields["monitorId"] = found.monitor_id
    if found.job_id is not None:
        fields["jobId"] = found.job_id
    if found.http_status is not None:
        fields["httpStatus"] = found.http_status
    if found.error is not None:
        fields["error"] = found.error
    if found.next_attempt_at is not None:
        fields["nextAttemptAt"] = time_text(found.next_attempt_at)
    return fields


def test_result(found: Delivery) -> TestResult:
    """Return how a test went, as far as it is known."""
    fields: TestResult = {"deliveryId": found.id, "success": found.status == "success"}
    if found.http_status is not None:
        fields["httpStatus"] = found.http_status
    if found.error is not None:
        fields["error"] = found.error
    return fields
