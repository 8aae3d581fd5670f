"""Fuzz every target in turn until the time is up: `python -m tests.fuzz SECONDS [SEED]`."""

from __future__ import annotations

import logging
import secrets
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, seed, settings

from tests.fuzz import api
from tests.fuzz.targets import TARGETS, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXAMPLES = 100


def run(target: Target, number: int, examples: int) -> None:
    """Read so many inputs that a seed leads to. Raises what the target does for the shortest input found."""

    def read(body: Any) -> None:
        target.read(body)

    options = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    seed(number)(options(given(target.inputs)(read)))()


def fuzz(targets: Mapping[str, Target], seconds: float, first: int) -> int:
    """Fuzz until the time is up; return how many targets failed."""
    end, number, failed = time.monotonic() + seconds, first, set[str]()
    runs = 0
    while time.monotonic() < end and len(failed) < len(targets):
        for name in [name for name in targets if name not in failed]:
            if time.monotonic() > end:
                break
            try:
                run(targets[name], number, _EXAMPLES)
            except Exception:  # noqa: BLE001 - whatever a target raises is what is looked for
                failed.add(name)
                sys.stdout.write(f"{name} failed with the seed {number}:\n")
                sys.stdout.flush()
                traceback.print_exc()
            runs += 1
        number += 1
    sys.stdout.write(f"{runs * _EXAMPLES} inputs; failed: {', '.join(sorted(failed)) or 'none'}\n")
    return len(failed)


def main() -> None:
    """Run from the command line."""
    logging.disable()  # of pdfminer, which complains of each damage
    seconds = float(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(10**6)
    sys.stdout.write(f"Fuzzing for {seconds:g} seconds with the seed {first}.\n")
    sys.stdout.flush()
    with api.FuzzedApi() as served:
        sys.exit(1 if fuzz({**TARGETS, "API": Target(api.INPUTS, served.read)}, seconds, first) else 0)


if __name__ == "__main__":
    main()
