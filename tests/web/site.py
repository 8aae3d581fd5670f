"""A test site for the browser: pages that behave, pages that take their time, and pages that misbehave on purpose."""

# ruff: noqa: E501 - pages read better in one line

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs

from tests.web.http_server import HttpServer, Request, Response, redirect
from tests.web.pictures import png

WORDS = "These are the words of an article that a reader came for, and there are enough of them to be one. " * 6

ARTICLE = f"""<!doctype html><html lang="en"><head><title>A served article</title>
<link rel="stylesheet" href="/style.css"><link rel="icon" href="/icon.png"></head>
<body><nav><a href="/shell">Shell</a></nav><article><h1>Served</h1><p>{WORDS}</p><img src="/picture.png" alt="A picture">
<video src="/film.mp4" preload="auto" autoplay muted></video><audio src="/sound.mp3" preload="auto"></audio>
<p style="font-family: Test">{WORDS}</p></article></body></html>"""

SHELL = """<!doctype html><html><head><title>App</title><script defer src="/app.js"></script></head>
<body><noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div></body></html>"""

APP = """
const root = document.getElementById("root");
root.innerHTML = "<p>Loading</p>";
fetch("/api/article").then((answer) => answer.json()).then((article) => {
  root.innerHTML = `<main><h1>${article.title}</h1><p>${article.text}</p></main>`;
});
"""

LAZY = """<!doctype html><html><head><title>Lazy list</title></head><body><ul id="list"></ul><div id="end" style="height:1px"></div>
<script>
let next = 0;
const more = () => { for (let i = 0; i < 20 && next < 60; i++) {
  const item = document.createElement("li"); item.style.height = "60px";
  item.textContent = "Entry number " + next++; document.getElementById("list").append(item); } };
more();
new IntersectionObserver((seen) => { if (seen.some((entry) => entry.isIntersecting)) more(); })
  .observe(document.getElementById("end"));
</script></body></html>"""

LOGIN = """<!doctype html><html><head><title>Log in</title></head><body>
<form method="post" action="/login"><input id="name" name="name"><input id="password" name="password" type="password">
<button id="go" type="submit">Log in</button></form></body></html>"""

ENDLESS = f"""<!doctype html><html><head><title>Endless</title></head><body><p>{WORDS}</p><div id="out"></div>
<script>
const load = () => fetch("/never?" + Math.random()).catch(() => 0);
setInterval(() => {{ load(); const p = document.createElement("p"); p.textContent = "Another line that was added just now.";
  document.getElementById("out").append(p); }}, 50);
</script><img src="/never"></body></html>"""

CHALLENGE = """<!doctype html><html><head><title>Just a moment...</title></head><body>
<div id="challenge-error-text">Enable JavaScript and cookies to continue</div>
<script>window._cf_chl_opt = {cType: "managed"};
setTimeout(() => { document.cookie = "clearance=" + (6 * 7) + "; path=/"; location.reload(); }, 1500);</script>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>"""

SHADOW = f"""<!doctype html><html><head><title>Shadow</title></head><body><h1>Light</h1>
<x-card><span slot="title">Slotted title</span><b>Default slotted</b></x-card><script>
customElements.define("x-card", class extends HTMLElement {{
  constructor() {{ super(); this.attachShadow({{mode: "open"}}).innerHTML =
    '<section><h2><slot name="title">No title</slot></h2><p>Text in the shadow. {WORDS}</p><x-inner></x-inner><slot></slot></section>'; }} }});
customElements.define("x-inner", class extends HTMLElement {{
  constructor() {{ super(); this.attachShadow({{mode: "open"}}).innerHTML = "<em>Deeper shadow</em>"; }} }});
</script></body></html>"""

FRAMES = f"""<!doctype html><html><head><title>Frames</title></head><body><p>{WORDS}</p>
<iframe src="/inner/frame"></iframe><iframe srcdoc="<p>From srcdoc &amp; more</p>"></iframe></body></html>"""
FRAME = """<!doctype html><html><body><h2>In the frame</h2><a href="next">A relative link</a>
<script>document.body.append("Written by the frame")</script></body></html>"""

MOVING = """<!doctype html><script>setTimeout(() => location.href = "/article", 30)</script>Moving"""
REFRESH = """<!doctype html><meta http-equiv="refresh" content="0; url=/article">Refreshing"""
HANG = f"""<!doctype html><html><body><p>Before the hang. {WORDS}</p><script>for (;;) {{}}</script></body></html>"""
HANG_LATER = (
    f"""<!doctype html><html><body><p>Before. {WORDS}</p><script>setTimeout(() => {{ for (;;) {{}} }}, 30)</script>"""
)
DIALOGS = f"""<!doctype html><html><body><p>{WORDS}</p><script>alert(1); confirm(2); prompt(3); print();
onbeforeunload = () => "stay"; document.body.append("after the dialogs")</script></body></html>"""
POPUPS = f"""<!doctype html><html><body><p>{WORDS}</p><script>
for (let i = 0; i < 5; i++) window.open("/article?popup" + i); document.body.append("after the pop-ups")</script></body></html>"""
DOWNLOADS = f"""<!doctype html><html><body><p>{WORDS}</p><a id="a" href="/file" download>file</a>
<script>document.getElementById("a").click(); document.body.append("after the download")</script></body></html>"""
EATER = (
    """<!doctype html><html><body><script>const a = []; for (;;) a.push(new Array(1e6).fill(Math.random()))</script>"""
)

PAGES = {
    "/article": ARTICLE,
    "/shell": SHELL,
    "/lazy": LAZY,
    "/endless": ENDLESS,
    "/shadow": SHADOW,
    "/frames": FRAMES,
    "/inner/frame": FRAME,
    "/moving": MOVING,
    "/refresh": REFRESH,
    "/hang": HANG,
    "/hang-later": HANG_LATER,
    "/dialogs": DIALOGS,
    "/popups": POPUPS,
    "/downloads": DOWNLOADS,
    "/eater": EATER,
}


class Site(HttpServer):
    """The site. `requests` tells what was asked of it."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__({path: Response(page.encode()) for path, page in PAGES.items()}, host)
        self.routes |= {
            "/style.css": Response(
                b"@font-face{font-family:Test;src:url(/font.woff2)} body{background:#fff url(/back.png)}",
                content_type="text/css",
            ),
            "/app.js": Response(APP.encode(), content_type="text/javascript"),
            "/api/article": _article,
            "/picture.png": Response(png(320, 200, (200, 30, 30)), content_type="image/png"),
            "/icon.png": Response(png(16, 16, (0, 0, 0)), content_type="image/png"),
            "/back.png": Response(png(16, 16, (255, 255, 255)), content_type="image/png"),
            "/file": Response(
                b"\0" * 1000, content_type="application/octet-stream", headers=(("Content-Disposition", "attachment"),)
            ),
            "/login": _login,
            "/welcome": _welcome,
            "/challenge": _challenge,
            "/blocked": Response(b"<html><title>Access denied</title><body>Request unsuccessful. Incapsula incident"
                                 b" ID: 1</body></html>", 403, headers=(("X-Iinfo", "1-2-3"),)),
            "/never": _never,
            "/echo": lambda request: Response(json.dumps(request.headers).encode(), content_type="text/html"),
            "/redirect": redirect("/article"),
            "/status": Response(f"<p>{WORDS}</p>".encode(), 404),
        }  # fmt: skip

    def asked(self, path: str) -> list[Request]:
        """The requests for a path."""
        return [request for request in self.requests if request.path == path]


async def _article(_: Request) -> Response:
    await asyncio.sleep(0.3)
    return Response(json.dumps({"title": "Rendered", "text": WORDS}).encode(), content_type="application/json")


async def _never(_: Request) -> Response:
    await asyncio.sleep(15)
    return Response()


def _login(request: Request) -> Response:
    if request.method != "POST":
        return Response(LOGIN.encode())
    form = parse_qs(request.body.decode())
    if form == {"name": ["alice"], "password": ["secret & more"]}:
        return redirect("/welcome", 303, ("Set-Cookie", "session=alice; Path=/"))
    return Response(b"<p>Wrong password</p>", 403)


def _welcome(request: Request) -> Response:
    if "session=alice" not in request.headers.get("cookie", ""):
        return redirect("/login")
    return Response(f"<!doctype html><h1>Welcome, Alice</h1><p>{WORDS}</p>".encode())


def _challenge(request: Request) -> Response:
    if "clearance=42" in request.headers.get("cookie", ""):
        return Response(ARTICLE.encode())
    return Response(CHALLENGE.encode(), 403, headers=(("Server", "cloudflare"), ("cf-mitigated", "challenge")))
