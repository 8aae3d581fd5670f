"""The packages of the extra `bulk`, imported where they are needed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from pagemill.errors import OperatorError


def load(module: str, purpose: str) -> Any:
    """Import a module of an optional package. Raises OperatorError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise _missing(module, purpose) from error


def require(module: str, purpose: str) -> None:
    """Check that a module can be imported, by another process. Raises as `load` does."""
    if importlib.util.find_spec(module) is None:
        raise _missing(module, purpose)


def _missing(module: str, purpose: str) -> OperatorError:
    package = module.partition(".")[0]
    return OperatorError(f"{purpose} needs the package {package}: `make bulk`, or pip install 'pagemill[bulk]'.")
