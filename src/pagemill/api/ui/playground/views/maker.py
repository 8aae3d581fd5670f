"""Has texts made ready to be shown, each in a process that is killed where it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, cast

import orjson
import structlog
from fastapi import Depends, Request
from markupsafe import Markup, escape

from pagemill.api.resources import ApiResources
from pagemill.child_environment import child_environment
from pagemill.fair_semaphore import FairSemaphore

if TYPE_CHECKING:
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_PROGRAM = ("-m", "pagemill.api.ui.playground.views.process")


class ViewMaker:
    """Makes texts ready: a few at a time, API keys in turn."""

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.interface.view_timeout
        self._memory = settings.interface.view_memory
        self._slots = FairSemaphore(settings.interface.views_made, spare=1)

    async def make(self, key_id: str, view: str, text: str, **more: Any) -> Markup:
        """Return a text as HTML: as the view has it, or plain where that takes too long or too much memory."""
        if not text:
            return Markup("")
        asked = orjson.dumps({"view": view, "text": text, **more})
        async with self._slots.slot(key_id):
            made = await self._run(asked)
        if made is None:
            log.warning("a text is shown plain", view=view, characters=len(text))
            return Markup("<pre>{}</pre>").format(text) if view == "rendered" else escape(text)
        return Markup(made)  # noqa: S704 - made by `views.process` of what it escaped

    async def _run(self, asked: bytes) -> str | None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(*_PROGRAM, str(self._memory), str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=child_environment(),
        )
        try:
            async with asyncio.timeout(self._timeout):
                output, _ = await process.communicate(asked)
            return output.decode() if process.returncode == 0 else None
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def _of_application(request: Request, resources: ApiResources) -> ViewMaker:
    state = request.app.state
    if not hasattr(state, "view_maker"):
        state.view_maker = ViewMaker(resources.settings)
    return cast("ViewMaker", state.view_maker)


Views = Annotated[ViewMaker, Depends(_of_application)]
"""An endpoint's parameter of this type makes texts ready."""
