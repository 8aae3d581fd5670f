"""The peers' environments: each is made in bench/.cache/ from the package index, the first time it is used."""

from __future__ import annotations

import shutil
import subprocess
import venv
from pathlib import Path

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "peers"


class EnvironmentUnavailableError(RuntimeError):
    """A peer could not be installed here."""


def python_of(packages: tuple[str, ...]) -> Path:
    """Return the Python that has these packages. Raises `EnvironmentUnavailableError`."""
    folder = CACHE / "-".join(packages)
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    for package in packages:
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
        if subprocess.run(command, check=False).returncode:
            raise EnvironmentUnavailableError(package)
    (folder / "complete").touch()
    return python


def versions(python: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """Return the installed version of each package."""
    code = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
    told = subprocess.run([python, "-c", code, *packages], check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(zip(packages, told.split(), strict=True))
