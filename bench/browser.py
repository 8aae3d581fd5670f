"""The browser under load: how many pages a second, and what 1,000 pages leave behind.

    .venv/bin/python -m bench.browser throughput [light|heavy] [ROUNDS] [AT A TIME]
    .venv/bin/python -m bench.browser soak [PAGES]

Throughput is measured against a plain Playwright loop (new context, goto, content, close) with the same Chromium and
the same number of pages at a time, in turns, on pages of a local server with the weight of common ones: heavy ones
have fifteen pictures of 640 by 480 (161 KB each), five scripts of 60 KB, three style sheets, a font, and a request that
a script makes; light ones have the same without pictures and font. CPU and memory (proportional set sizes) are those of
all processes of the loop, by their kind: Python, Playwright's driver, Chromium's own.

The soak renders pages of the tests' site: one in two behaves; the others hang, open pop-ups and dialogs, download,
never stop loading; renderers and whole browsers are killed meanwhile. It fails where anything is left over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import statistics
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import structlog
import uvloop
from tests.web.http_server import HttpServer, Request, Response
from tests.web.pictures import SIGNATURE
from tests.web.site import Site

from pagemill.errors import FetchError
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.model import Format, ScrapeOptions
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

AT_A_TIME = 4
PAGES = 40
ROUNDS = 5
HTML = ScrapeOptions(formats=(Format.HTML,))

WELL = ("/article", "/shell", "/shadow", "/frames", "/moving", "/refresh", "/login", "/challenge")
ILL = ("/hang", "/hang-later", "/dialogs", "/popups", "/downloads", "/file", "/endless", "/never")


def settings(**changes: object) -> Settings:
    """Settings that open loopback."""
    return Settings(allowed_networks=(ip_network("127.0.0.0/8"),), **changes)


# Throughput


def picture(width: int, height: int) -> bytes:
    """A picture of the size and weight of common ones: soft colours with a little grain."""

    def row(y: int) -> bytes:
        grain = random.randbytes(width)
        shades = bytearray(3 * width)
        shades[0::3] = bytes((x // 4 + y // 3) % 256 for x in range(width))
        shades[1::3] = bytes((x // 5 + y // 4 + (y % 8 == 0 and grain[x] > 252)) % 256 for x in range(width))
        shades[2::3] = bytes((y // 2) % 256 for _ in range(width))
        return b"\0" + bytes(shades)

    rows = b"".join(row(y) for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")


PICTURE = picture(640, 480)
SCRIPT = b"var a=[];for(let i=0;i<20000;i++)a.push(i*i);/*" + b"x" * 60_000 + b"*/"
PLAIN_STYLE = b".c{color:red}\n" * 2000
STYLE = PLAIN_STYLE + b"@font-face{font-family:F;src:url(/f.woff2)}body{font-family:F,sans-serif}"


def weighty(request: Request) -> Response:
    """A page of common weight, and what belongs to it."""
    path = request.path
    if path.endswith(".png"):
        return Response(PICTURE, content_type="image/png")
    if path.endswith(".js"):
        return Response(SCRIPT, content_type="text/javascript")
    if path.endswith(".css"):
        return Response(PLAIN_STYLE if "light" in path else STYLE, content_type="text/css")
    if path.endswith(".woff2"):
        return Response(b"x" * 30_000, content_type="font/woff2")
    if path.endswith(".json"):
        return Response(b'{"title":"Put together"}', content_type="application/json")
    light = path.startswith("/light")
    head = "".join(f'<link rel=stylesheet href="/{"light" * light}{i}.css">' for i in range(3))
    head += "".join(f'<script src="/{i}.js"></script>' for i in range(5))
    pictures = "".join(f'<img src="/{i}.png?{path}" width=160 height=100>' for i in range(0 if light else 15))
    text = "".join(f"<p>Paragraph {i}: {'some words of an article ' * 30}</p>" for i in range(30))
    script = "fetch('/data.json').then(r=>r.json()).then(d=>{root.innerHTML='<h1>'+d.title+'</h1>'})"
    page = f"<!doctype html><html><head>{head}</head><body><div id=root></div>{pictures}{text}<script>{script}</script>"
    return Response(page.encode())


@dataclass(frozen=True)
class Turn:
    """What one loop did in one turn."""

    speed: float
    """Pages a second."""
    cpu: dict[str, float]
    """CPU seconds a page, by kind of process."""
    memory: int
    """The most bytes of all its processes."""
    complete: int
    """Pages on which the script had done its work."""


def loop_processes(server: int) -> Iterator[tuple[psutil.Process, str]]:
    """This process and all below it but the server, with their kinds."""
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        if process.pid == server:
            continue
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        kind = next((word.removeprefix("--type=") for word in words if word.startswith("--type=")), "browser")
        if process == own:
            kind = "Python"
        elif "run-driver" in words:
            kind = "driver"
        yield process, kind


def cpu_seconds(server: int) -> defaultdict[str, float]:
    """The CPU time of all processes of the loop by kind, dead renderers included."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for process, kind in loop_processes(server):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        seconds[kind] += times.user + times.system
        if kind == "zygote":  # it waits for the renderers
            seconds["renderer"] += times.children_user + times.children_system
    return seconds


def memory(server: int) -> int:
    """The proportional set sizes of all processes of the loop."""
    size = 0
    for process, _ in loop_processes(server):
        with contextlib.suppress(psutil.Error):
            size += process.memory_full_info().pss
    return size


async def rate(one: Callable[[int], Awaitable[bytes]], load: Load) -> Turn:
    """Let `one` load as many pages as `load` says, and then a few more to look at the memory meanwhile."""
    done = 0

    async def work(numbers: Iterator[int]) -> None:
        nonlocal done
        for number in numbers:
            html = await one(number)
            done += b"<h1>Put together</h1>" in html

    async def work_side_by_side(numbers: Iterable[int]) -> None:
        shared = iter(numbers)
        await asyncio.gather(*(work(shared) for _ in range(load.at_a_time)))

    began, started = cpu_seconds(load.server), time.perf_counter()
    await work_side_by_side(range(PAGES))
    seconds, complete = time.perf_counter() - started, done
    cpu = {kind: (used - began[kind]) / PAGES for kind, used in cpu_seconds(load.server).items()}
    more = asyncio.ensure_future(work_side_by_side(range(PAGES, 3 * PAGES // 2)))
    most = 0
    while not more.done():
        most = max(most, await asyncio.to_thread(memory, load.server))
        await asyncio.sleep(0.1)
    await more
    return Turn(PAGES / seconds, cpu, most, complete)


@dataclass(frozen=True)
class Load:
    """What both loops do."""

    executable: Path
    url: str
    """Where the pages are."""
    server: int
    """The process that serves them."""
    kind: str
    """`light` or `heavy`."""
    at_a_time: int


async def plain(load: Load) -> Turn:
    """The plain loop."""
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=load.executable)

        async def one(number: int) -> bytes:
            context = await browser.new_context()
            page = await context.new_page()
            await page.goto(f"{load.url}{load.kind}/plain{number}")
            html = await page.content()
            await context.close()
            return html.encode()

        await one(-1)
        result = await rate(one, load)
        await browser.close()
        return result


async def ours(load: Load) -> Turn:
    """Pagemill's browser."""
    chosen = settings(chromium=load.executable, browser_pages=load.at_a_time)
    loop = asyncio.get_running_loop()
    async with EgressGuard(chosen) as guard, Browser(chosen, guard) as browser:

        async def one(number: int) -> bytes:
            rendered = await browser.render(f"{load.url}{load.kind}/ours{number}", HTML, loop.time() + 60)
            return rendered.page.body

        await one(-1)
        return await rate(one, load)


async def throughput(kind: str = "heavy", rounds: int = ROUNDS, at_a_time: int = AT_A_TIME) -> None:
    """Measure both in turns, and say the medians."""
    executable = find_chromium(settings())
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.browser", "serve", stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    url = (await server.stdout.readline()).decode().strip()
    load = Load(executable, url, server.pid, kind, at_a_time)
    turns: dict[str, list[Turn]] = {"plain": [], "ours": []}
    try:
        for number in range(rounds):
            for name, loop in (("plain", plain), ("ours", ours)):
                turn = await loop(load)
                turns[name].append(turn)
                print(f"round {number + 1} {name:5} {turn.speed:6.2f} pages a second, "
                      f"{1000 * sum(turn.cpu.values()):4.0f} ms of CPU a page, {turn.memory >> 20} MB, "
                      f"{turn.complete} complete", flush=True)  # fmt: skip
    finally:
        server.kill()
        await server.wait()
    print(f"{executable.name}, {kind} pages, {at_a_time} at a time, load {os.getloadavg()[0]:.1f}")
    speeds = {name: statistics.median(turn.speed for turn in found) for name, found in turns.items()}
    costs = {name: statistics.median(sum(turn.cpu.values()) for turn in found) for name, found in turns.items()}
    for name, found in turns.items():
        size = statistics.median(turn.memory for turn in found)
        print(f"| {name} | {speeds[name]:.2f} | {1000 * costs[name]:.0f} ms | {size / 2**20:.0f} MB |")
        kinds = sorted({kind for turn in found for kind in turn.cpu})
        medians = {kind: statistics.median(turn.cpu.get(kind, 0.0) for turn in found) for kind in kinds}
        print("    " + ", ".join(f"{kind} {1000 * cost:.1f}" for kind, cost in medians.items()))
    print(f"ratio {speeds['ours'] / speeds['plain']:.2f}, of CPU {costs['plain'] / costs['ours']:.2f}")


async def serve() -> None:
    """Serve the weighty pages, in a process of its own."""
    async with HttpServer() as server:
        server.fallback = weighty
        print(server.url(), flush=True)
        await asyncio.Event().wait()


# Soak


def own_folders() -> list[Path]:
    """The temporary folders of browsers of this process."""
    return list(Path(tempfile.gettempdir()).glob(f"pagemill-browser-{os.getpid()}-*"))


def look(browser: Browser) -> str:
    """Processes, zombies, memory, contexts and folders as they are now, as a row of a table."""
    children = psutil.Process().children(recursive=True)
    zombies = size = 0
    for child in children:
        try:
            zombies += child.status() == psutil.STATUS_ZOMBIE
            size += child.memory_full_info().pss
        except psutil.Error:
            continue
    own = psutil.Process().memory_full_info().pss
    folders = len(own_folders())
    contexts = sum(process.contexts for process in browser.processes)
    files = psutil.Process().num_fds()
    row = (len(children), zombies, size >> 20, own >> 20, contexts, folders, files)
    return " | ".join(map(str, row))


async def trouble(stop: asyncio.Event, done: Counter[str]) -> None:
    """Kill a renderer now and then, and sometimes the whole browser."""
    while not stop.is_set():
        await asyncio.sleep(2)
        main = [p for p in psutil.Process().children(recursive=True) if _is_main(p)]
        renderers = [p for p in psutil.Process().children(recursive=True) if _is(p, "--type=renderer")]
        whole = random.random() < 0.1
        victims = main if whole else renderers
        if victims:
            try:
                os.kill(random.choice(victims).pid, random.choice((signal.SIGKILL, signal.SIGSEGV)))
                done["browsers killed" if whole else "renderers killed"] += 1
            except ProcessLookupError:
                continue


def _is(process: psutil.Process, switch: str) -> bool:
    try:
        return switch in process.cmdline()
    except psutil.Error:
        return False


def _is_main(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return "--remote-debugging-pipe" in words and not any(word.startswith("--type=") for word in words)


async def soak(pages: int) -> bool:
    """Render so many pages; return whether nothing is left over."""
    random.seed(1)
    outcomes: Counter[str] = Counter()
    chosen = settings(ready_timeout=2.0, browser_max_pages=200, browser_answer_timeout=5.0)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    async with Site() as site, EgressGuard(chosen) as guard:
        browser = Browser(chosen, guard)
        print("| when | processes | zombies | their memory, MB | own memory, MB | contexts | folders | open files |")
        print("|---|---|---|---|---|---|---|---|")
        print(f"| before | {look(browser)} |")
        async with browser:
            numbers = iter(range(pages))

            async def one(number: int) -> None:
                path = random.choice(WELL if number % 2 else ILL)
                picture = number % 50 == 0
                options = ScrapeOptions(formats=(Format.HTML, Format.SCREENSHOT)) if picture else HTML
                try:
                    await browser.render(f"{site.url(path)}?{number}", options, loop.time() + 6)
                    outcomes["rendered"] += 1
                except FetchError as error:
                    outcomes[error.code] += 1
                if number and number % (pages // 4) == 0:
                    print(f"| after {number} pages | {look(browser)} |", flush=True)

            async def work() -> None:
                for number in numbers:
                    await one(number)

            await one(1)
            print(f"| after the first page | {look(browser)} |")
            killer = asyncio.create_task(trouble(stop, outcomes))
            started = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(AT_A_TIME)))
            seconds = time.perf_counter() - started
            stop.set()
            await killer
            await asyncio.sleep(1)
            print(f"| after the last page | {look(browser)} |")
            open_contexts = sum(process.contexts for process in browser.processes)
        await asyncio.sleep(0.5)
        print(f"| after the end | {look(browser)} |")
    print(f"\n{pages} pages in {seconds:.0f} s: " + ", ".join(f"{n} {name}" for name, n in outcomes.most_common()))
    left = psutil.Process().children(recursive=True)
    folders = own_folders()
    print(f"left over: {len(left)} processes, {open_contexts} contexts, {len(folders)} folders")
    return not left and not open_contexts and not folders


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    what, *rest = sys.argv[1:]
    if what == "serve":
        asyncio.run(serve())
    elif what == "throughput":
        uvloop.run(throughput(rest[0] if rest else "heavy", *map(int, rest[1:])))
    else:
        sys.exit(0 if asyncio.run(soak(int(rest[0]) if rest else 1000)) else 1)


if __name__ == "__main__":
    main()
