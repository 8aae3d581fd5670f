"""The packages of the extra `bulk`, imported where they are needed."""

from __future__ import annotations

import importlib
from typing import Any

from pagemill.errors import OperatorError


def load(module: str, purpose: str) -> Any:
    """Import a module of an optional package. Raises OperatorError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise OperatorError(f"{purpose} needs the package {package}: pip install 'pagemill[bulk]'.") from error
