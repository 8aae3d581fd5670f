"""A hostile page tries every way that a browser has to ask for something. To it, 127.0.0.2 is the web and 127.0.0.1,
with its names, is inside: the server there must not even see a connection."""

# ruff: noqa: E501 - pages read better in one line

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

import pytest
import pytest_asyncio

from pagemill.errors import BlockedAddressError, FetchError
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.model import Format, ScrapeOptions
from tests.fetching.conftest import make_settings
from tests.web.dns_server import Answer, DnsServer
from tests.web.http_server import HttpServer, Response, redirect

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURES = ScrapeOptions(formats=(Format.HTML, Format.SCREENSHOT))
PLAIN = ScrapeOptions(formats=(Format.HTML,))


@dataclass(frozen=True)
class Attack:
    """What stands in the page, `{inside}` being the address of the server inside, and `{udp}` its UDP port."""

    body: str
    seconds: float = 0.0
    """How long the attack needs after the page is there."""


def script(text, seconds=0.3):
    return Attack(f"<script>{text}</script>", seconds)


ATTACKS = {
    "img": Attack('<img src="{inside}/x"><picture><source srcset="{inside}/y"><img></picture>'),
    "script": Attack('<script src="{inside}/x"></script><script type="module" src="{inside}/y"></script>'),
    "stylesheet": Attack('<link rel="stylesheet" href="{inside}/x">'),
    "css import": Attack('<style>@import url("{inside}/x");</style>'),
    "css image and font": Attack(
        '<style>@font-face{{font-family:F;src:url({inside}/f)}} body{{background:url({inside}/b);font-family:F}}</style>F'
    ),
    "iframe": Attack('<iframe src="{inside}/x"></iframe><iframe srcdoc="<img src={inside}/y>"></iframe>'),
    "frameset": Attack('<frameset cols="*"><frame src="{inside}/x"></frameset>'),
    "object, embed": Attack(
        '<object data="{inside}/x"></object><embed src="{inside}/y.pdf" type="application/pdf"><embed src="{inside}/z">'
    ),
    "media": Attack(
        '<video src="{inside}/v" poster="{inside}/p" preload="auto" autoplay muted><track default src="{inside}/t">'
        '</video><audio src="{inside}/a" preload="auto"></audio>'
    ),
    "svg": Attack('<svg><image href="{inside}/x"/><use href="{inside}/y#a"/></svg>'),
    "resource hints": Attack(
        '<link rel="preload" as="script" href="{inside}/a"><link rel="prefetch" href="{inside}/b">'
        '<link rel="preconnect" href="{inside}"><link rel="dns-prefetch" href="{inside}">'
        '<link rel="modulepreload" href="{inside}/c"><link rel="prerender" href="{inside}/d">'
        '<link rel="icon" href="{inside}/e"><link rel="manifest" href="{inside}/f">',
        0.5,
    ),
    "speculation rules": Attack(
        '<script type="speculationrules">{{"prefetch":[{{"source":"list","urls":["{inside}/a"]}}],'
        '"prerender":[{{"source":"list","urls":["{inside}/b"]}}]}}</script>',
        1.0,
    ),
    "fetch": script('fetch("{inside}/x",{{mode:"no-cors"}}); fetch("{inside}/y",{{method:"POST",body:"b",keepalive:true}})'),
    "XMLHttpRequest": script('const r=new XMLHttpRequest(); r.open("GET","{inside}/x"); r.send()'),
    "sendBeacon": script('navigator.sendBeacon("{inside}/x","data")'),
    "EventSource": script('new EventSource("{inside}/x")', 0.5),
    "WebSocket": script('new WebSocket("{inside}/x".replace("http","ws")); new WebSocket("{inside}/y".replace("http","wss"))', 0.5),
    "WebTransport": script('try{{new WebTransport("{inside}/x".replace("http","https"))}}catch{{}}', 1.0),
    "worker": script(
        'new Worker(URL.createObjectURL(new Blob([`fetch("{inside}/x",{{mode:"no-cors"}}); importScripts("{inside}/y");`])))', 0.5
    ),
    "shared worker": script(
        'new SharedWorker(URL.createObjectURL(new Blob([`fetch("{inside}/x",{{mode:"no-cors"}})`])))', 0.5
    ),
    "service worker": script('navigator.serviceWorker.register("/sw.js")', 1.0),
    "ping": script(
        'const a=document.createElement("a"); a.href="#x"; a.ping="{inside}/x"; document.body?.append(a);'
        "document.documentElement.append(a); a.click()"
    ),
    "form": script(
        'const f=document.createElement("form"); f.action="{inside}/x"; f.method="post"; f.target="_blank";'
        "document.documentElement.append(f); f.submit()"
    ),
    "worklets": script(
        'CSS.paintWorklet.addModule("{inside}/x").catch(()=>0);'
        'new OfflineAudioContext(1,1,44100).audioWorklet.addModule("{inside}/y").catch(()=>0)', 0.5
    ),
    "window.open": script('window.open("{inside}/x"); window.open("{inside}/y","_blank","noopener")', 0.5),
    "import()": script('import("{inside}/x").catch(()=>0)'),
    "css from script": script('document.adoptedStyleSheets=[]; const s=document.createElement("style");'
                              's.textContent=`body{{background:url("{inside}/x")}}`; document.documentElement.append(s)'),
    "WebRTC": script(
        'const c=new RTCPeerConnection({{iceServers:[{{urls:"stun:127.0.0.1:{udp}"}},'
        '{{urls:"turn:127.0.0.1:{udp}",username:"u",credential:"p"}},'
        '{{urls:"turn:127.0.0.1:{udp}?transport=tcp",username:"u",credential:"p"}}]}});'
        'c.createDataChannel("d"); c.createOffer().then((o)=>c.setLocalDescription(o))',
        1.5,
    ),
    "WebRTC to a peer": script(
        'const c=new RTCPeerConnection(); c.createDataChannel("d"); c.createOffer().then(async (o)=>{{'
        "await c.setLocalDescription(o); const a=o.sdp.replace('a=setup:actpass','a=setup:active');"
        'await c.setRemoteDescription({{type:"answer",sdp:a}}).catch(()=>0);'
        'await c.addIceCandidate({{candidate:"candidate:1 1 udp 2122260223 127.0.0.1 {udp} typ host",sdpMid:"0"}}).catch(()=>0)}})',
        1.5,
    ),
    "background fetch, cache": script('caches.open("c").then((c)=>c.add("{inside}/x")).catch(()=>0)', 0.5),
    "redirected image": Attack('<img src="/to-inside">'),
    "redirected fetch": script('fetch("/to-inside",{{mode:"no-cors"}}).catch(()=>0)'),
    "redirected frame": Attack('<iframe src="/to-inside"></iframe>'),
    "other spellings": Attack(
        '<img src="http://localhost:{port}/a"><img src="http://2130706433:{port}/b"><img src="http://0x7f.1:{port}/c">'
        '<img src="http://[::1]:{port}/d"><img src="http://[::ffff:127.0.0.1]:{port}/e"><img src="http://0:{port}/f">'
        '<img src="http://127.1:{port}/g"><img src="//evil.localhost:{port}/h"><img src="https://127.0.0.1:{port}/i">'
    ),
    "other schemes": Attack(
        '<iframe src="file:///etc/hostname"></iframe><img src="file:///etc/hostname"><iframe src="chrome://version"></iframe>'
        '<iframe src="view-source:{inside}/"></iframe><iframe src="ftp://127.0.0.1:{port}/"></iframe>'
        '<iframe src="filesystem:{inside}/temporary/"></iframe><iframe src="devtools://devtools/bundled/inspector.html">'
    ),
}  # fmt: skip

NAVIGATIONS = {
    "script": '<script>location.href="{inside}/x"</script>',
    "meta refresh": '<meta http-equiv="refresh" content="0;url={inside}/x">',
    "form": '<form id="f" action="{inside}/x" method="post"></form><script>f.submit()</script>',
    "link": '<a id="a" href="{inside}/x">x</a><script>a.click()</script>',
    "download": '<a id="a" href="{inside}/x" download="x">x</a><script>a.click()</script>',
}


class Inside(HttpServer):
    """The server that nobody may reach: TCP and UDP."""

    def __init__(self):
        super().__init__({}, "127.0.0.1")
        self.datagrams = 0

    async def __aenter__(self):
        await super().__aenter__()
        loop = asyncio.get_running_loop()
        server = self

        class Udp(asyncio.DatagramProtocol):
            def datagram_received(self, data, addr):
                server.datagrams += 1

        self._udp, _ = await loop.create_datagram_endpoint(Udp, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(self, *error):
        self._udp.close()
        await super().__aexit__(*error)

    @property
    def udp_port(self):
        return self._udp.get_extra_info("sockname")[1]

    @property
    def seen(self):
        """Connections and datagrams that came."""
        return self.connections, self.datagrams


@pytest_asyncio.fixture(loop_scope="module")
async def inside():
    async with Inside() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def web(inside):
    async with HttpServer(host="127.0.0.2") as server:
        server.routes["/to-inside"] = redirect(inside.url("/x"))
        worker = f'self.oninstall=()=>fetch("{inside.url("/x")}",{{mode:"no-cors"}}); fetch("{inside.url("/y")}",{{mode:"no-cors"}})'
        server.routes["/sw.js"] = Response(worker.encode(), content_type="text/javascript")
        yield server


def soon(seconds=60.0):  # beside other tests a browser may start slowly
    return asyncio.get_running_loop().time() + seconds


def filled(text, inside, path=""):
    """A page's text, attacking below `path`."""
    return text.format(inside=inside.url(path).rstrip("/"), udp=inside.udp_port, port=inside.port)


async def attacked(browser, web, inside, name, path=""):
    attack = ATTACKS[name]
    page = f"<!doctype html><html><head></head>{filled(attack.body, inside, path)}<p>the end</p></html>"
    web.routes[f"/attack{path}"] = Response(page.encode())
    options = ScrapeOptions(formats=PICTURES.formats, wait_for=int(attack.seconds * 1000))
    return await browser.render(web.url(f"/attack{path}"), options, soon())


@pytest.mark.parametrize("name", ATTACKS)
async def test_nothing_of_a_hostile_page_gets_inside(browser, web, inside, name):
    rendered = await attacked(browser, web, inside, name)
    assert b"the end" in rendered.page.body or name == "frameset"
    assert inside.seen == (0, 0)


REACHING = ("img", "script", "stylesheet", "css import", "css image and font", "iframe", "fetch", "XMLHttpRequest",
            "sendBeacon", "EventSource", "WebSocket", "worker", "shared worker", "form", "window.open", "import()",
            "worklets",
            "object, embed", "resource hints")  # fmt: skip


async def test_the_attacks_would_work_without_the_guard(web, inside):
    """Otherwise, the tests above show nothing: the same pages, with the inside opened, reach it."""
    settings = make_settings(ready_timeout=2.0)
    async with EgressGuard(settings) as guard, Browser(settings, guard) as browser:
        await attacked(browser, web, inside, "service worker")
        missing, reached = dict(enumerate(REACHING)), set[str]()
        for _ in range(5):  # a window that a page opens may be closed before it has asked for anything
            await asyncio.gather(
                *(attacked(browser, web, inside, name, f"/{number}") for number, name in missing.items())
            )
            reached = {request.target.split("/")[1] for request in inside.requests}
            missing = {number: name for number, name in missing.items() if str(number) not in reached}
            if not missing:
                break
    assert missing == {}
    assert {"x", "y"} <= reached  # what the service worker asks for
    assert inside.datagrams == 0


@pytest.mark.parametrize("name", NAVIGATIONS)
async def test_a_page_that_moves_inside_fails_as_blocked(browser, web, inside, name):
    web.routes["/attack"] = Response(filled(NAVIGATIONS[name], inside).encode())
    with pytest.raises(BlockedAddressError):
        await browser.render(web.url("/attack"), PLAIN, soon())
    assert inside.seen == (0, 0)


async def test_a_redirect_inside_fails_as_blocked(browser, web, inside):
    with pytest.raises(BlockedAddressError):
        await browser.render(web.url("/to-inside"), PLAIN, soon())
    web.routes["/to-secure"] = redirect(inside.url("/x").replace("http:", "https:"))
    with pytest.raises(BlockedAddressError):
        await browser.render(web.url("/to-secure"), PLAIN, soon())
    assert inside.seen == (0, 0)


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "chrome://version", "view-source:http://127.0.0.2/", "javascript:1"]
)
async def test_a_redirect_to_another_scheme_fails(browser, web, target):
    web.routes["/elsewhere"] = redirect(target)
    with pytest.raises(FetchError):
        await browser.render(web.url("/elsewhere"), PLAIN, soon())


async def test_even_link_local_addresses_go_through_the_guard(web):
    """By default, Chromium goes around a proxy for loopback and link-local addresses, where clouds keep their secrets."""

    class Recording(EgressGuard):
        def check_url(self, text, base=None):
            asked.append(text)
            return super().check_url(text, base)

    asked = []
    web.routes["/attack"] = Response(b"<img src='http://169.254.169.254/latest/meta-data/'><p>the end")
    settings = make_settings(allowed_networks=("127.0.0.2/32",))
    async with Recording(settings) as guard, Browser(settings, guard) as browser:
        await browser.render(web.url("/attack"), PICTURES, soon())
    assert "http://169.254.169.254/latest/meta-data/" in asked


async def test_a_name_cannot_be_rebound_between_check_and_use(inside):
    """The name is outside at the first look-up and inside ever after; whatever is connected to was checked."""
    answers = iter(["127.0.0.2"])
    dns = DnsServer({"rebind.test": lambda _name, kind: Answer([next(answers, "127.0.0.1")] if kind == "A" else [])})
    async with dns, HttpServer(host="127.0.0.2", port=inside.port) as web:
        attack = "<script>setInterval(()=>fetch('/x?'+Math.random()).catch(()=>0),50)</script><img src=/y><p>the end"
        web.routes["/attack"] = Response(attack.encode(), headers=(("Connection", "close"),))
        settings = make_settings(allowed_networks=("127.0.0.2/32",), dns_servers=(dns.address,), ready_timeout=1.5)
        async with EgressGuard(settings) as guard, Browser(settings, guard) as browser:
            rendered = await browser.render(f"http://rebind.test:{inside.port}/attack", PICTURES, soon())
            assert b"the end" in rendered.page.body
        assert len(dns.queries) > 2
    assert inside.seen == (0, 0)


async def test_names_are_looked_up_by_us_alone(web, inside):
    """Chromium's own resolver is never asked: what it wants of a name reaches our DNS server, or nobody."""
    async with DnsServer({"known.test": Answer(["127.0.0.2"])}) as dns:
        settings = make_settings(allowed_networks=("127.0.0.2/32",), dns_servers=(dns.address,), ready_timeout=2.0)
        async with EgressGuard(settings) as guard, Browser(settings, guard) as browser:
            web.routes["/attack"] = Response(
                b'<link rel="dns-prefetch" href="//prefetch.test"><link rel="preconnect" href="//connect.test">'
                b'<img src="http://img.test/"><p>the end'
            )
            rendered = await browser.render(f"http://known.test:{web.port}/attack", PICTURES, soon())
        assert b"the end" in rendered.page.body
    asked = {name for name, _ in dns.queries}
    assert {"known.test", "img.test"} <= asked
    assert "prefetch.test" not in asked  # a look-up alone could tell somebody something


async def test_udp_would_be_seen(inside):
    """The server's UDP port works, so that its silence means something."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", inside.udp_port))
    await asyncio.sleep(0.05)
    assert inside.datagrams == 1
