"""The endpoints of sessions: list, look up, rename and delete them. Pages save them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import JSONResponse

from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.sessions.answers import SessionFields, SessionList, SessionPatch, session_fields, session_list
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.api.wire.webhook_answers import Deleted
from pagemill.errors import NotFoundError

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"], route_class=StrictJsonRoute)

SessionIdInPath = Annotated[str, Path(alias="id", description="The session's id.")]


@router.get("", operation_id="listSessions", summary="List sessions", response_model=SessionList)
async def list_sessions(
    resources: ApiResources,
    key_id: KeyId,
    domain: Annotated[
        str | None, Query(max_length=255, description="Only those with cookies or storage of this domain, or below it.")
    ] = None,
) -> Response:
    """Return the key's own sessions by name, without what they hold."""
    found = await resources.sessions.sessions_of(key_id)
    return JSONResponse(session_list([session for session in found if not domain or session.belongs_to(domain)]))


@router.get("/{id}", operation_id="getSession", summary="Get a session", response_model=SessionFields)
async def get_session(session_id: SessionIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Return a session, without what it holds."""
    found = await resources.sessions.find(key_id, session_id)
    if found is None:
        raise _no_such_session()
    return JSONResponse(session_fields(found))


@router.patch("/{id}", operation_id="renameSession", summary="Rename a session", response_model=SessionFields)
async def rename_session(
    session_id: SessionIdInPath, body: SessionPatch, resources: ApiResources, key_id: KeyId
) -> Response:
    """Give a session another name."""
    renamed = await resources.sessions.rename(key_id, session_id, body.name)
    if renamed is None:
        raise _no_such_session()
    return JSONResponse(session_fields(renamed))


@router.delete("/{id}", operation_id="deleteSession", summary="Delete a session", response_model=Deleted)
async def delete_session(session_id: SessionIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Delete a session. Pages that were submitted with it and have not begun fail."""
    if not await resources.sessions.delete(key_id, session_id):
        raise _no_such_session()
    return JSONResponse({"id": session_id, "deleted": True})


def _no_such_session() -> NotFoundError:
    return NotFoundError("There is no such session.")
