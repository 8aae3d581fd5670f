"""A clock for the service alone, that can be set."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """Compiles clock.c and keeps its file. `environment` is empty where there is no C compiler, or no Linux."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._file.write_bytes(struct.pack("q", 0))
        self._file.chmod(0o644)
        self.environment: dict[str, str] = {}
        compiler = shutil.which("cc")
        if compiler and sys.platform == "linux":
            library = folder / "clock.so"
            subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"], check=True)
            library.chmod(0o755)
            self.environment = {"LD_PRELOAD": str(library), "PYTHON_CHAOS_CLOCK": str(self._file)}

    def __bool__(self) -> bool:
        """Whether it can be set."""
        return bool(self.environment)

    def set(self, seconds: float) -> None:
        """Let the service's clock be so many seconds ahead of the machine's."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", int(seconds * 1e9)))
