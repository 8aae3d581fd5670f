"""`make soak MINUTES=30`: mixed full load without faults; does the memory of any process grow?

Proportional memory (PSS) of each kind of process, in its mean: over the third quarter of the time, and over the fourth.
Chromium's processes and extraction processes come and go with the load, so each kind is looked at as a whole.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections import defaultdict
from random import Random
from statistics import mean

import psutil

from tests.chaos.run import Chaos, Plan
from tests.chaos.victims import by_kind

_INTERVAL = 2.0
_MOST_GROWTH = 1.05
_LASTING = ("supervisor", "api", "worker", "postmaster")
"""Kinds whose processes live as long as the service: these must not grow."""
_PAGES = 400

Samples = dict[str, list[tuple[float, float, int]]]
"""For each kind: when, how many bytes in all, in how many processes."""


async def soak(minutes: float, seed: int) -> tuple[str, bool]:
    """Run, and return a table, and whether nothing that lasts grew."""
    samples: Samples = defaultdict(list)
    pages, wrong = 0, []
    async with Chaos() as chaos:
        began = time.monotonic()
        sampling = asyncio.create_task(_sample(chaos, samples))
        while (left := minutes * 60 - (time.monotonic() - began)) > 0:
            report = await chaos.run(Plan(Random(seed + pages).getrandbits(30), _PAGES, max(30.0, left), kills=0))
            pages += report.pages - report.cancelled
            wrong += report.wrong
        sampling.cancel()
    lines, grew = _table(samples, began, time.monotonic())
    head = f"{pages} pages in {minutes:g} minutes; {len(wrong)} wrong"
    return "\n".join([head, "", *lines, *wrong]), not grew and not wrong


async def _sample(chaos: Chaos, samples: Samples) -> None:
    while True:
        for kind, processes in (await asyncio.to_thread(by_kind, chaos.service)).items():
            sizes = []
            for process in processes:
                with contextlib.suppress(psutil.Error):
                    sizes.append(process.memory_full_info().pss)
            samples[kind].append((time.monotonic(), float(sum(sizes)), len(sizes)))
        await asyncio.sleep(_INTERVAL)


def _table(samples: Samples, began: float, ended: float) -> tuple[list[str], bool]:
    quarter = (ended - began) / 4
    lines, grew = ["| process | count | 3rd quarter, MB | 4th quarter, MB | growth |", "|---|--:|--:|--:|--:|"], False
    for kind, taken in samples.items():
        third = [size for moment, size, _ in taken if 2 * quarter <= moment - began < 3 * quarter]
        fourth = [size for moment, size, _ in taken if 3 * quarter <= moment - began]
        if not third or not fourth or not mean(third):
            continue
        growth = mean(fourth) / mean(third)
        grew = grew or (kind in _LASTING and growth > _MOST_GROWTH)
        count = mean(number for _, _, number in taken)
        cells = f"{count:.1f} | {mean(third) / 1e6:.1f} | {mean(fourth) / 1e6:.1f} | {100 * (growth - 1):+.1f} %"
        lines.append(f"| {kind} | {cells} |")
    return lines, grew


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    text, fine = asyncio.run(soak(options.minutes, options.seed))
    sys.stdout.write(text + "\n")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
