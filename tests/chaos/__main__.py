"""Runs chaos from the command line: `make chaos` and `make chaos RUNS=200`."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys

from tests.chaos.run import Chaos, Plan, Report


def main() -> int:
    """Run, print what happened, and return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--pages", type=int, default=None, help="5,000, or 300 in each of several runs")
    parser.add_argument("--minutes", type=float, default=10, help="the longest that a run may take")
    parser.add_argument("--seed", type=int, default=None, help="repeats the faults of a run; printed by each")
    parser.add_argument("--runs", type=int, default=0, help="so many runs, each with three random kills alone")
    parser.add_argument("--kills", type=int, default=3, help="how many random kills each of these has")
    options = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    if options.runs:
        plans = [
            Plan(seed + number, options.pages or 300, options.minutes * 60, options.kills)
            for number in range(options.runs)
        ]
    else:
        plans = [Plan(seed, options.pages or 5000, options.minutes * 60)]
    reports = asyncio.run(run_all(plans))
    wrong = sum(bool(report.wrong) for report in reports)
    print(f"{len(reports)} runs, {sum(report.pages for report in reports)} pages, {wrong} runs with faults")
    return 1 if wrong else 0


async def run_all(plans: list[Plan]) -> list[Report]:
    """Run one after another, on one service. Stops at the first that finds something, and keeps its log."""
    reports = []
    async with Chaos() as chaos:
        for plan in plans:
            print(f"chaos with SEED={plan.seed}", flush=True)
            reports.append(await chaos.run(plan))
            print(reports[-1], flush=True)
            if reports[-1].wrong:
                sys.stderr.write(chaos.log.read_text()[-20_000:])
                break
    return reports


if __name__ == "__main__":
    sys.exit(main())
