"""`pagemill corrections export`: corrected pages as a folder that `training/train.py` learns from."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill.cli.service_database import service_database
from pagemill.errors import OperatorError
from pagemill.jobs.corrections.annotator import Annotator
from pagemill.jobs.corrections.store import CorrectionStore
from pagemill.jobs.corrections.training_pages import training_files
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.keys.keys import ANONYMOUS, Keys

if TYPE_CHECKING:
    import argparse

    from pagemill.jobs.corrections.training_pages import TrainingFile
    from pagemill.settings import Settings


async def export(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the corrected pages of one key, or of all, from the database that the service uses, running or not."""
    folder, written = Path(arguments.folder), 0
    async with AsyncExitStack() as stack:
        database = await service_database(settings, stack)
        await migrate(database)
        known = [ANONYMOUS, *(key.id for key in await Keys(database).list())]
        if arguments.key is not None and arguments.key not in known:
            raise OperatorError(f"There is no key {arguments.key!r}. `pagemill keys list` shows them.")
        store, annotator = CorrectionStore(database, settings), await stack.enter_async_context(Annotator(settings))
        for key_id in dict.fromkeys(known if arguments.key is None else [arguments.key]):
            async for file in training_files(store, annotator, key_id):
                # Two keys may have corrected the same page, each in its way.
                await asyncio.to_thread(_write, folder / key_id, file)
                written += file.name.startswith("ground-truth/")
    print(f"{written} corrected pages, in {folder}", file=sys.stderr)
    return 0


def _write(folder: Path, file: TrainingFile) -> None:
    try:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written to: {error.strerror}.") from None
