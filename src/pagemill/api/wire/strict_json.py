"""Request bodies parsed by a strict JSON parser: no NaN, no lone surrogates, no NUL, limited nesting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import Request
from fastapi.routing import APIRoute

from pagemill.api.wire.error_response import InvalidBodyError
from pagemill.api.wire.field_problems import describe, field_name

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import Response


class _StrictJsonRequest(Request):
    async def json(self) -> Any:
        body = await self.body()
        value = orjson.loads(body)  # its error is a json.JSONDecodeError, as FastAPI expects
        if b"\\u0000" in body and (field := _field_with_nul(value)) is not None:
            place = ("body", *field)
            raise InvalidBodyError(
                describe({"type": "nul", "loc": place, "msg": "it holds a NUL character"}), field_name(place)
            )
        return value


def _field_with_nul(value: Any) -> tuple[str | int, ...] | None:
    """Return the path of the first name or string that holds a NUL, or None. The parser limits the depth."""
    if isinstance(value, str):
        return () if "\0" in value else None
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for name, item in items:
        if isinstance(name, str) and "\0" in name:
            return (name.replace("\0", ""),)
        if (path := _field_with_nul(item)) is not None:
            return (name, *path)
    return None


class StrictJsonRoute(APIRoute):
    """A route whose body is parsed by orjson: Python's own parser accepts values that cannot be stored."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler as FastAPI makes it, given a request that parses strictly."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictJsonRequest(request.scope, request.receive))

        return handle_strictly
