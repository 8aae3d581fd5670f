"""What a tree of processes takes: its processor time, and its most memory at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

import psutil

from bench.costs.processes import proportional_set_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EVERY = 0.5
"""Seconds between two looks at the memory."""


class ProcessTree:
    """The processes under some roots, the roots included, while the `with` block runs.

    `seconds` is their processor time since the block began, children that ended meanwhile included; `peak` the most
    bytes at a time, by proportional set size.
    """

    def __init__(self, roots: Sequence[int]) -> None:
        self.seconds = 0.0
        self.peak = 0
        self._roots = roots
        self._ended = threading.Event()
        self._sampling = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self.seconds = -self._used()
        self._sampling.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += self._used()
        self._ended.set()
        self._sampling.join()

    def _used(self) -> float:
        """Each process counts with those of its children that ended and were waited for."""
        return sum(sum(process.cpu_times()[:4]) for process in self._processes())

    def _sample(self) -> None:
        while True:
            self.peak = max(self.peak, sum(map(proportional_set_size, self._processes())))
            if self._ended.wait(_EVERY):
                return

    def _processes(self) -> Iterator[psutil.Process]:
        for pid in self._roots:
            root = psutil.Process(pid)
            yield root
            yield from root.children(recursive=True)
