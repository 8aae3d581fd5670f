"""The request and response bodies of sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill.api.wire.answer_shapes import Time
from pagemill.api.wire.answers import time_text
from pagemill.api.wire.scrape_request import SessionName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.jobs.sessions.store import Session


class SessionPatch(BaseModel):
    """What is to change of a session."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    name: Annotated[SessionName, Field(min_length=1, description="Its new name. No other session of the key has it.")]


class SessionFields(TypedDict):
    """A session, without what it holds: no answer has a value of a cookie or of the storage."""

    id: Annotated[str, Field(examples=["sess_0123456789abcdef01234567"])]
    name: str
    websiteUrl: Annotated[str, Field(description="The origin of the page that it was saved on last.")]
    websiteDomain: str
    domains: Annotated[list[str], Field(description="Those that have cookies in it.")]
    origins: Annotated[list[str], Field(description="Those that have local storage or databases in it.")]
    cookieCount: int
    storageItemCount: Annotated[int, Field(description="Items of local storage, and records of IndexedDB.")]
    isActive: Literal[True]
    createdAt: Time
    updatedAt: Annotated[Time, Field(description="When it was saved last.")]
    lastUsedAt: Annotated[Time, Field(description="When a page began with it, or saved it, to the minute.")]
    expiresAt: Annotated[Time, Field(description="When it is deleted, unless a page uses it before.")]


class SessionList(TypedDict):
    """The sessions of a key, by name."""

    sessions: list[SessionFields]


def session_fields(session: Session) -> SessionFields:
    """Return a session as the wire has it."""
    return {
        "id": session.id,
        "name": session.name,
        "websiteUrl": session.website,
        "websiteDomain": session.website_domain,
        "domains": list(session.domains),
        "origins": list(session.origins),
        "cookieCount": session.cookies,
        "storageItemCount": session.storage_items,
        "isActive": True,
        "createdAt": time_text(session.created_at),
        "updatedAt": time_text(session.updated_at),
        "lastUsedAt": time_text(session.used_at),
        "expiresAt": time_text(session.expires_at),
    }


def session_list(sessions: Sequence[Session]) -> SessionList:
    """Return a list of sessions as the wire has it."""
    return {"sessions": [session_fields(session) for session in sessions]}
