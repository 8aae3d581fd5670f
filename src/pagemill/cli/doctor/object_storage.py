"""Checks the object storage, where one is set: writes a small object, reads it and deletes it."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from pagemill.cli.doctor.finding import Finding, failed, ok
from pagemill.errors import StorageUnavailableError
from pagemill.jobs.objects.bucket import Bucket
from pagemill.jobs.objects.object_storage import reason

if TYPE_CHECKING:
    from pagemill.settings import Settings

_CHECK = "object storage"
_CONTENT = b"pagemill doctor"


async def check_object_storage(settings: Settings) -> list[Finding]:
    """Whether bodies can be written to PAGEMILL_BODIES_URL, read and deleted. Nothing where it is not set."""
    url = settings.storage.bodies_url
    if url is None:
        return []
    step = "opened"
    name = f"doctor/check/0/{secrets.token_hex(8)}"
    try:
        async with asyncio.timeout(settings.storage.bodies_timeout):
            bucket = await Bucket.open(url, settings.storage.bodies_timeout)
            step = "written"
            await bucket.put(name, _CONTENT)
            step = "read"
            intact = await bucket.read(name, 0, len(_CONTENT)) == _CONTENT
            step = "deleted"
            await bucket.delete([name])
    except (StorageUnavailableError, FileNotFoundError, TimeoutError) as error:
        why = reason(error) if isinstance(error, StorageUnavailableError) else type(error).__name__
        hint = "Check PAGEMILL_BODIES_URL, the credentials in the environment, and what they may do."
        return [failed(_CHECK, f"An object in {url} could not be {step}: {why}", hint)]
    if not intact:
        return [failed(_CHECK, f"{url} gave back something else than was written.", "Use another storage.")]
    return [ok(_CHECK, f"{url} can be written, read and deleted from")]
