from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.conftest import serving
from tests.api.ui.signed_in import signed_in

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.settings import Settings

URL = "https://example.com/"
TEXT = "# Copper Kettle\n\nIt costs 89 EUR.\n"
JSON: dict[str, Any] = {
    "status": "success",
    "data": {"name": "Copper Kettle", "price": 89},
    "source": "model",
    "evidence": {
        "/price": {"quote": "89 EUR", "start": 26, "end": 32},
        "/name": {"quote": "Copper Kettle", "start": 2, "end": 15},
        "/again": {"quote": "Kettle", "start": 9, "end": 15},
        "/markup": {"quote": "x", "markup": True},
        "/beyond": {"quote": "y", "start": 40, "end": 4000},
    },
    "unsupported": [{"pointer": "/colour", "value": "<red>"}],
    "missing": ["/size"],
}
BODIES = {
    "html": "<!doctype html><p class=\"a\">Ünï &amp; 'so'<!-- x -->",
    "cleanedHtml": "<p>Ünï</p>",
    "markdown": TEXT,
    "json": JSON,
    "links": [{"href": f"https://example.com/{number}", "text": str(number)} for number in range(20)],
    "metadata": {"title": "Copper <Kettle>"},
}


async def completed(api: Api, worker: SimulatedWorker, content: dict[str, Any] = BODIES) -> str:
    job_id = await api.submit(URL, formats=["html", "cleanedHtml", "markdown", "links"], generateJson=True)
    await worker.complete_all(content)
    return f"/ui/playground/{job_id}"


async def test_each_view_shows_what_is_stored(api: Api, worker: SimulatedWorker) -> None:
    path = await completed(api, worker)
    async with signed_in(api) as visitor:
        page = (await visitor.get(path)).text
        views = re.findall(r'data-panel="([^"]+)"', page)
        assert [view.rsplit("/", 1)[1] for view in views] == [
            *("rendered", "markdown", "json", "cleaned", "html", "links", "details")
        ]
        assert "Copper &lt;Kettle&gt;" in page
        panels = {}
        for view in views:
            answer = await visitor.get(view)
            assert answer.status_code == 200, view
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
            panels[view.rsplit("/", 1)[1]] = answer.text
        assert "<h1>Copper Kettle</h1>" in panels["rendered"]
        assert "# Copper Kettle" in panels["markdown"]
        assert '<span class="hl-tag">&lt;p</span>' in panels["html"]
        assert panels["links"].count("<tr>") == 21
        assert "<svg" in panels["details"]
        frame = await visitor.get(f"{path}/0/frame")
        assert frame.text.endswith("<p>Ünï</p>")
        assert frame.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        whole = await visitor.get(f"{path}/0/whole/html")
        assert (whole.text, whole.headers["Content-Type"]) == (BODIES["html"], "text/plain; charset=utf-8")
        assert "sandbox" in whole.headers["Content-Security-Policy"]
        assert (await visitor.get(f"{path}/0/whole/json")).json() == JSON


async def test_evidence_is_marked_in_the_text(api: Api, worker: SimulatedWorker) -> None:
    path = await completed(api, worker)
    async with signed_in(api) as visitor:
        panel = (await visitor.get(f"{path}/0/json")).text
    marks = re.findall(r'<mark id="(evidence-\d)" tabindex="-1" title="([^"]+)">([^<]+)</mark>', panel)
    assert marks == [("evidence-1", "/name", "Copper Kettle"), ("evidence-0", "/price", "89 EUR")]
    assert re.findall(r'data-mark="(evidence-\d)"', panel) == ["evidence-0", "evidence-1", "evidence-1"]
    assert "declared by the markup alone" in panel
    assert "&lt;red&gt;" in panel
    assert "/size" in panel


@pytest.mark.parametrize("path", ["/0/whole/nothing", "/1/rendered", "/0/picture", "/x/rendered", "/0/screenshots"])
async def test_what_is_not_there_is_a_404(api: Api, worker: SimulatedWorker, path: str) -> None:
    job = await completed(api, worker)
    async with signed_in(api) as visitor:
        assert (await visitor.get(job + path)).status_code == 404


async def test_long_texts_and_lists_are_cut_with_a_link_to_the_whole(
    settings: Settings, key: tuple[str, str], worker: SimulatedWorker
) -> None:
    long = "ä" * 600_000
    content = {**BODIES, "html": long, "cleanedHtml": long, "markdown": long}
    async with serving(settings.changed(view_characters=1000, view_rows=5), key) as api:
        path = await completed(api, worker, content)
        async with signed_in(api) as visitor:
            for view, kind in (
                ("rendered", "markdown"),
                ("markdown", "markdown"),
                ("html", "html"),
                ("links", "links"),
            ):
                panel = (await visitor.get(f"{path}/0/{view}")).text
                assert f'href="{path}/0/whole/{kind}"' in panel
                assert "Only the beginning is shown" in panel
                assert panel.count("ä") in (0, 1000), view
            assert (await visitor.get(f"{path}/0/frame")).text.count("ä") == 10_000
            assert (await visitor.get(f"{path}/0/whole/html")).text == long


async def test_a_text_that_takes_too_long_is_shown_plain(
    settings: Settings, key: tuple[str, str], worker: SimulatedWorker
) -> None:
    async with serving(settings.changed(view_timeout=0.3), key) as api:
        path = await completed(api, worker, {**BODIES, "markdown": "![<" * 30_000})
        async with signed_in(api) as visitor:
            panel = (await visitor.get(f"{path}/0/rendered")).text
    assert "<pre>![&lt;![&lt;" in panel


async def test_a_map_shows_what_it_found(api: Api, worker: SimulatedWorker) -> None:
    job_id = (await api.client.post("/v1/map", json={"url": URL})).json()["id"]
    full = (await api.client.post("/v1/map", json={"url": URL, "limit": 3})).json()["id"]
    links = [URL, "javascript:alert(1)", f"{URL}<b>"]
    await worker.complete_all({"map": {"links": links, "externalLinks": [], "pages": [], "complete": True}})
    async with signed_in(api) as visitor:
        page = (await visitor.get(f"/ui/playground/{job_id}")).text
        full_page = (await visitor.get(f"/ui/playground/{full}")).text
    assert "3 URLs" in page
    assert "https://example.com/&lt;b&gt;" in page
    assert ("may have more" in page, "may have more" in full_page) == (False, True)


async def test_a_failed_page_says_why(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit(URL)
    [page] = await worker.start_all()
    await worker.fail(page, message="<b>refused</b>")
    async with signed_in(api) as visitor:
        shown = (await visitor.get(f"/ui/playground/{job_id}")).text
    assert '&lt;b&gt;refused&lt;/b&gt; (connection_refused)</p><p class="small">Check' in shown, "what helps"


@pytest.mark.parametrize("kind", ["links", "images"])
async def test_a_list_that_only_its_compression_makes_small_is_not_read_whole(
    api: Api, worker: SimulatedWorker, kind: str
) -> None:
    """A hostile page has many links, and a base of thousands of characters that begins each."""
    base = f"{URL}{'a' * 4000}/"
    rows = {
        "links": [{"href": f"{base}{number}", "text": ""} for number in range(4000)],
        "images": [{"src": f"{base}{number}", "alt": ""} for number in range(4000)],
    }
    job_id = await api.submit(URL, formats=[kind])
    await worker.complete_all({kind: rows[kind]})
    async with signed_in(api) as visitor:
        panel = (await visitor.get(f"/ui/playground/{job_id}/0/links")).text
        assert base not in panel
        assert "None." not in panel
        assert (await visitor.get(f"/ui/playground/{job_id}/0/whole/{kind}")).json() == rows[kind]
    assert f'href="/ui/playground/{job_id}/0/whole/{kind}"' in panel
