"""An empty database, made once for each process of the tests: `initdb` takes two seconds of the processor each time."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from pagemill.data_folder import make_private
from pagemill.jobs.database.embedded import EmbeddedPostgres


def copy_to(data_dir: Path) -> None:
    """Give a data folder that is not there yet the database that a first start would make. Blocks."""
    if data_dir.exists():
        return
    make_private(data_dir)
    subprocess.run(["cp", "-a", _made() / "postgres", data_dir / "postgres"], check=True)


@cache
def _made() -> Path:
    """Make it, and return its data folder."""
    folder = Path(tempfile.mkdtemp(prefix="pagemill-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)  # the server runs as another user where we are root
    data_dir = folder / "data"

    async def make() -> None:
        server = EmbeddedPostgres(data_dir)
        await server.start()
        await server.stop()

    with asyncio.Runner() as runner:
        runner.run(make())
    return data_dir
