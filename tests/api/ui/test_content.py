"""The original of a page beside its Markdown, in a real browser: twins, corrections, and pages that attack it."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.api.ui.browsing import AXE, watched
from tests.extraction.choosing.test_corrections import FIRST, NOTE, SECOND
from tests.extraction.test_pipeline import PROSE
from tests.extraction.test_safety import MUTATIONS

from pagemill.extraction import extract
from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from playwright.async_api import Browser, FrameLocator, Page
    from tests.api.ui.browsing import Interface, Watched

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "http://mill.test/post"


async def job_of(interface: Interface, *pages: str) -> str:
    """A job whose pages were scraped."""
    job = await interface.api.submit(*(f"{URL}/{number}" for number in range(len(pages))))
    worker = interface.worker
    for claimed, html in zip(await worker.start_all(), pages, strict=True):
        content = extract(html.encode("utf-8", "replace"), URL)
        await worker.complete(claimed, {"html": content.html, "markdown": content.markdown})
    return job


async def open_view(page: Page, job: str, query: str = "") -> FrameLocator:
    await page.goto(f"/ui/content/{job}{query}")
    frame = page.frame_locator("#original")
    await frame.locator("[data-block][role=button]").first.wait_for()
    return frame


async def test_twins_are_marked_by_pointer_and_keyboard(interface: Interface, visit: Watched) -> None:
    page, filler = visit.page, "".join(f"<p>{text} {number}.</p>" for number in range(30) for text in PROSE)
    long = FIRST.replace("</article>", f'<div class="text">{filler}</div></article>')
    frame = await open_view(page, await job_of(interface, long))
    last = page.locator("#markdown [data-block]", has_text=f"{PROSE[2]} 29.")
    twin = frame.locator("[data-block]", has_text=f"{PROSE[2]} 29.")
    await last.hover()
    await expect(twin).to_have_class("block body marked")
    await expect(twin).to_be_in_viewport()
    await expect(page.locator("#detail")).to_contain_text("Body · content with")
    await frame.get_by_role("button", name="The mill 1").hover()
    await expect(page.locator("#markdown .title")).to_have_class("piece block title marked")
    await expect(page.locator("#markdown .title")).to_be_in_viewport()
    await frame.locator("[data-block]", has_text="Most read").hover()
    await expect(page.locator("#detail")).to_contain_text("Junk")
    await expect(page.locator("#detail")).to_contain_text("not in the Markdown")
    await page.locator("#markdown .title").focus()
    await page.keyboard.press("ArrowDown")
    await expect(frame.locator("[data-block]", has_text=PROSE[0]).first).to_have_class("block body marked")
    await frame.locator("[data-block]").first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(frame.locator(".marked")).to_have_text("News")


async def test_roles_can_be_hidden(interface: Interface, visit: Watched) -> None:
    frame = await open_view(visit.page, await job_of(interface, FIRST))
    await visit.page.get_by_role("checkbox", name="Junk").uncheck()
    await expect(frame.locator("[data-block]", has_text="Most read")).to_be_hidden()
    await expect(frame.locator("[data-block]", has_text=PROSE[0])).to_be_visible()
    await visit.page.get_by_role("checkbox", name="Body").uncheck()
    await expect(visit.page.locator("#markdown .body").first).to_be_hidden()
    await visit.page.get_by_role("checkbox", name="Junk").check()
    await expect(frame.locator("[data-block]", has_text="Most read")).to_be_visible()


async def test_a_block_is_corrected_for_all_pages_that_are_built_alike(
    interface: Interface, visit: Watched, chromium: Browser
) -> None:
    page, job = visit.page, await job_of(interface, FIRST, SECOND)
    frame = await open_view(page, job)
    await frame.locator("[data-block]", has_text=NOTE).click()
    await expect(page.get_by_role("dialog")).to_contain_text(NOTE[:60])
    await expect(page.locator("#correct-scope")).to_be_hidden()
    assert await visit.serious_faults() == []
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.locator("#markdown [data-block]", has_text=NOTE).focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("radio", name="Junk").check()
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**&block=*")
    await expect(page.locator("#markdown")).not_to_contain_text(NOTE)
    await expect(page.locator("#detail")).to_contain_text("corrected by you")
    await expect(frame.locator(".marked")).to_have_class("block junk marked")
    await page.get_by_role("link", name="Next page").click()
    await expect(page.locator("#markdown")).to_contain_text(PROSE[0])
    await expect(page.locator("#markdown")).not_to_contain_text(NOTE)
    # What is listed can be exported and removed, by this key alone.
    await page.get_by_role("link", name="All corrections").click()
    assert await visit.serious_faults() == []
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Export as training pages").click()
    content = await (await started.value).path()
    assert len(zipfile.ZipFile(io.BytesIO(content.read_bytes())).namelist()) == 2
    correction = await page.locator("form[action^='/ui/corrections/']").get_attribute("action")
    secret = (await Keys(interface.database).create("other"))[1]
    async with watched(chromium, interface, secret) as other:
        await other.page.goto("/ui/corrections")
        await expect(other.page.get_by_text("There are none")).to_be_visible()
        csrf = await other.page.locator("meta[name=csrf-token]").get_attribute("content")
        for path in (f"/ui/content/{job}", f"/ui/content/{job}/original", f"/ui/content/{job}/corrections", correction):
            method = "GET" if path and path.startswith(f"/ui/content/{job}") and "corrections" not in path else "POST"
            answer = await other.page.request.fetch(
                str(path),
                method=method,
                form={"csrf": str(csrf), "block": "1", "role": "junk"} if method == "POST" else None,
            )
            assert answer.status == 404, path
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("There are none")).to_be_visible()
    await open_view(page, job)
    await expect(page.locator("#markdown")).to_contain_text(NOTE)


async def test_all_blocks_on_one_path_can_be_corrected(interface: Interface, visit: Watched) -> None:
    page = visit.page
    await open_view(page, await job_of(interface, FIRST))
    await page.locator("#markdown [data-block]", has_text=PROSE[1]).click()
    await page.get_by_role("radio", name="Junk").check()
    await page.get_by_label("All 3 blocks").check()
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**&block=*")
    await expect(page.locator("#markdown")).not_to_contain_text(PROSE[0])
    await page.goto("/ui/corrections")
    await page.get_by_role("button", name="Remove").click()


async def test_a_change_needs_the_token_of_our_pages(interface: Interface, visit: Watched) -> None:
    job = await job_of(interface, FIRST)
    answer = await visit.page.request.post(f"/ui/content/{job}/corrections", form={"block": "1", "role": "junk"})
    assert answer.status == 403
    csrf = await visit.page.locator("meta[name=csrf-token]").get_attribute("content")
    for fields, status in (
        ({"block": "9999", "role": "junk"}, 404),
        ({"block": "-1", "role": "junk"}, 404),
        ({"block": "1", "role": "boss"}, 400),
        ({"block": "x", "role": "junk"}, 400),
        ({}, 400),
    ):
        answer = await visit.page.request.post(f"/ui/content/{job}/corrections", form={"csrf": str(csrf), **fields})
        assert answer.status == status, fields


async def test_what_cannot_be_shown_says_why(interface: Interface, visit: Watched) -> None:
    without = await interface.api.submit(URL)
    for path, reason in (
        ("/ui/content/job_none", "no such page"),
        (f"/ui/content/{without}?index=7", "no such page"),
        (f"/ui/content/{without}", "not been completed"),
    ):
        await visit.page.goto(path)
        await expect(visit.page.locator("main")).to_contain_text(reason)
    await interface.worker.complete_all({"markdown": "x"})
    await visit.page.goto(f"/ui/content/{without}")
    await expect(visit.page.locator("main")).to_contain_text("did not ask for the format")


ATTACK = (
    "<meta http-equiv=refresh content='0;url=http://evil.test/'><base href=http://evil.test/><style>*{display:none}</style>"
    "<link rel=stylesheet href=http://evil.test/a.css><script>parent.postMessage({type:'choose',block:1},'*')</script>"
    "<form action=/ui/sign-out method=post><button formaction=http://evil.test>Sign in again</button></form>"
    "<iframe src=http://evil.test></iframe><img src=http://evil.test/a.png onerror=alert(1)>"
    "<p id=detail class=block data-block=0 tabindex=0>clobber</p><dialog open>Give me your key</dialog>"
    "<p>'}]};alert(1)//</p><p>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }} ]]&gt; --&gt;</p>"
)


async def test_pages_that_attack_the_view_do_nothing(interface: Interface, visit: Watched) -> None:
    attacked = FIRST.replace("</article>", f"{ATTACK}{''.join(MUTATIONS)}</article>").replace(
        "<title>", "<title></title><script>alert(1)</script><title>"
    )
    frame = await open_view(visit.page, await job_of(interface, attacked))
    await expect(visit.page.locator("#markdown .title").first).to_be_visible()
    await visit.page.locator("#markdown [data-block]").last.hover()
    await expect(frame.locator(".marked")).to_have_count(1)
    assert visit.page.url.startswith(interface.url)
    assert await frame.locator("script").count() == 1
    assert (
        await frame.locator("form, iframe, img, a, style, svg, math, input, dialog, [onerror], [href^=http]").count()
        == 0
    )
    assert await visit.page.get_by_role("dialog").count() == 0


async def test_the_frame_has_no_origin_and_can_reach_nothing(interface: Interface, visit: Watched) -> None:
    job = await job_of(interface, FIRST)
    await open_view(visit.page, job)
    frame = visit.page.frames[1]
    assert await frame.evaluate("self.origin") == "null"
    reached = await frame.evaluate(
        """async () => {
            const tries = [() => document.cookie, () => localStorage.length, () => parent.document.body,
                           () => fetch('/ui/corrections'),
                           () => new Promise((done, failed) => {
                               const image = new Image(); image.onload = done; image.onerror = failed;
                               image.src = '/ui/assets/icon.svg'; })];
            const reached = [];
            for (const [number, attempt] of tries.entries()) {
                try { await attempt(); reached.push(number); } catch {}
            }
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
            return window.ran ? [...reached, 'script'] : reached;
        }"""
    )
    assert reached == []
    assert all("Content Security Policy" in problem for problem in visit.problems)
    visit.problems.clear()
    # What the frame says is no more than the number of a block.
    for message in (
        "'x'",
        "null",
        "{type: 'choose', block: '1'}",
        "{type: 'choose', block: -1}",
        "{type: 'point', block: 1e9}",
    ):
        await frame.evaluate(f"parent.postMessage({message}, '*')")
    await expect(visit.page.get_by_role("dialog")).to_be_hidden()
    await visit.page.evaluate("postMessage({type: 'choose', block: 5}, '*')")  # not from the frame
    await expect(visit.page.get_by_role("dialog")).to_be_hidden()
    answer = await visit.page.request.get(f"/ui/content/{job}/original")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'; script-src 'nonce-")
    assert "allow-same-origin" not in policy + await visit.page.content()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
async def test_axe_finds_no_serious_fault(interface: Interface, chromium: Browser, scheme: str, width: int) -> None:
    job = await job_of(interface, FIRST)
    async with watched(
        chromium, interface, interface.api.secret, color_scheme=scheme, viewport={"width": width, "height": 800}
    ) as visit:
        await open_view(visit.page, job)
        assert await visit.serious_faults() == []
        frame = visit.page.frames[1]
        await frame.evaluate(AXE)
        # Without `preload` it would fetch style sheets, which the frame may not.
        found = await frame.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        assert [fault["id"] for fault in found["violations"] if fault["impact"] in ("serious", "critical")] == []
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await visit.page.evaluate(wider)
        assert not await frame.evaluate(wider)
    assert visit.problems == []
