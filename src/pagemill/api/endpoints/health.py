"""Liveness and readiness."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import JSONResponse
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill import __version__
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.wire.answer_shapes import ErrorBody
from pagemill.api.wire.error_response import RETRY_AFTER, error_body
from pagemill.errors import UnavailableError
from pagemill.jobs.queue import statements

router = APIRouter(tags=["Health"])

_HEALTH_PATIENCE = 1.0
"""Seconds that `/health` gives the database: probes of the process give up soon."""

WorkerCount = Annotated[int, Field(ge=0, description="Workers seen lately.")]


class Health(TypedDict):
    """The process is alive."""

    status: Literal["ok"]
    service: Literal["pagemill"]
    version: str
    database: Annotated[bool, Field(description="Whether the database answers.")]


class Ready(TypedDict):
    """The service can take jobs and carry them out."""

    status: Literal["ready"]
    database: Literal["ok"]
    workers: WorkerCount


class NotReady(ErrorBody):
    """What is missing."""

    database: Literal["ok", "missing"]
    workers: WorkerCount


@router.get("/health", operation_id="getHealth", summary="Whether the API process is alive", response_model=Health)
async def get_health(resources: ApiResources) -> Health:
    """Answer 200 as long as the process does, with the database or without."""
    return {
        "status": "ok",
        "service": "pagemill",
        "version": __version__,
        "database": await _database_answers(resources),
    }


@router.get(
    "/v1/health",
    operation_id="getHealthWithKey",
    summary="Whether the API process is alive and knows the key",
    response_model=Health,
)
async def get_health_with_key(resources: ApiResources, key_id: KeyId) -> Health:  # noqa: ARG001 - it is asked for
    """Answer as `/health` does, to a known key: what some clients test their credentials with."""
    return await get_health(resources)


@router.get(
    "/ready",
    operation_id="getReadiness",
    summary="Whether the database and a worker are there",
    response_model=Ready,
    responses={503: {"model": NotReady, "description": "The database, or every worker, is missing."}},
)
async def get_ready(resources: ApiResources) -> JSONResponse:
    """Answer 503 while the database is away or no worker was seen lately, and say which."""
    silence = timedelta(seconds=resources.settings.jobs.worker_timeout)
    try:
        async with asyncio.timeout(resources.settings.database.database_patience):
            row = await resources.database.row(statements.COUNT_WORKERS, silence, wait=0)
    except (UnavailableError, TimeoutError):
        return _not_ready("The database does not answer.", database="missing")
    workers = int(row["count"]) if row else 0
    if not workers:
        return _not_ready("No worker was seen lately.", database="ok")
    return JSONResponse({"status": "ready", "database": "ok", "workers": workers})


async def _database_answers(resources: Resources) -> bool:
    patience = min(_HEALTH_PATIENCE, resources.settings.database.database_patience)
    try:
        async with asyncio.timeout(patience):
            await resources.database.row("SELECT 1", wait=0)
    except (UnavailableError, TimeoutError):
        return False
    return True


def _not_ready(message: str, *, database: Literal["ok", "missing"]) -> JSONResponse:
    body = error_body(UnavailableError.code, message) | {"database": database, "workers": 0}
    return JSONResponse(body, UnavailableError.http_status, headers={"Retry-After": str(RETRY_AFTER)})
