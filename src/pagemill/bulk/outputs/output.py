"""What every kind of output does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pagemill.bulk.columns import Row
    from pagemill.model import JsonObject


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A row, and where its record stands: the number of its input, and its own in that."""

    source: int
    record: int
    row: Row


class Output(ABC):
    """Where rows are written. All its methods block."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """The folder of this run's state, and of parts that are put together in the end."""

    @property
    @abstractmethod
    def is_there(self) -> bool:
        """Whether an earlier run wrote it."""

    def owns(self, path: Path) -> bool:
        """Whether a file, by its path without links, is one that this output writes."""
        return self.folder.resolve() in path.parents

    @abstractmethod
    def begin(self, place: JsonObject | None) -> None:
        """Start empty, or go on after this place: what was written after it is taken away."""

    @abstractmethod
    def write(self, rows: Sequence[NumberedRow]) -> JsonObject:
        """Write rows durably, and return the place after them."""

    @abstractmethod
    def finish(self) -> None:
        """Complete the output: all rows are written."""
