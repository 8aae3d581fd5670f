"""Archives and tables of pages in, rows out: without a service, in as many processes as there are cores.

`extract_batch` is for engines that bring their own workers: Ray, Spark and Dask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pagemill.bulk.batch import extract_batch

__all__ = ["extract_batch"]


def __getattr__(name: str) -> Any:
    if name == "extract_batch":
        import importlib

        return importlib.import_module("pagemill.bulk.batch").extract_batch
    raise AttributeError(f"module 'pagemill.bulk' has no attribute '{name}'")
