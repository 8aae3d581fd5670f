"""The metrics, for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from pagemill.api.middleware.api_keys import OperatorKeyId
from pagemill.api.resources import ApiResources
from pagemill.errors import NotFoundError
from pagemill.jobs.metrics_text import metrics_text
from pagemill.observability.exposition import CONTENT_TYPE

router = APIRouter(tags=["Health"])


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Metrics in Prometheus' text format",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The metrics."}},
)
async def get_metrics(resources: ApiResources, _key_id: OperatorKeyId) -> Response:
    """Answer with everything that was counted, and the state of the queue. Takes an operator's key."""
    if not resources.settings.observability.metrics:
        raise NotFoundError("Metrics are off: PAGEMILL_METRICS is false.")
    return Response(await metrics_text(resources.queue), media_type=CONTENT_TYPE)
