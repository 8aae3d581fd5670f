"""Corrections in the database: what is kept, for whom, and how many."""

from __future__ import annotations

import gzip
import json
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
import zstandard
from tests.extraction.test_pipeline import ARTICLE, PROSE

from pagemill import bodies
from pagemill.errors import ConflictError, ExtractionCrashedError, NotFoundError
from pagemill.extraction.annotation.annotated_page import Choices, annotate
from pagemill.jobs.corrections import statements
from pagemill.jobs.corrections.annotator import Annotator
from pagemill.jobs.corrections.store import CorrectionStore, correction_id, site_of, sites_of
from pagemill.jobs.corrections.training_pages import zip_of
from pagemill.jobs.keys.keys import Keys
from pagemill.model import BlockRole, Correction, ScrapeOptions

URL = "https://www.mill.test/post?id=1"
PATH = (("p", ("lead",)), ("div", ("text", "#post-0")))
HTML = bodies.pack(ARTICLE)


@pytest.fixture
async def keys(database):
    """The ids of two API keys."""
    return [(await Keys(database).create(name))[0] for name in ("one", "two")]


@pytest.fixture
def corrections(database, settings):
    return CorrectionStore(database, settings.changed(corrections_per_key=3, corrected_pages_per_key=1))


def correction(key_id, *, path=PATH, text=None, role=BlockRole.JUNK):
    hosts, template = ("mill.test",), (1, 2, 4294967295)
    return Correction(correction_id(key_id, hosts, path, text, template), hosts, template, path, text, role)


async def save(store, key_id, given, **values):
    return await store.save(
        key_id, given, instead_of=BlockRole.BODY, sample="A \0\ud800 text", **{"url": URL, "html": HTML, **values}
    )


async def loaded(store, key_id, url=URL):
    version = await store.version(key_id)
    return () if version is None else await store.of_url(key_id, version, url)


async def test_a_correction_is_that_of_its_own_key_and_host_alone(corrections, keys):
    one, two = keys
    given = correction(one)
    assert await save(corrections, one, given) == given.id
    assert await loaded(corrections, one) == (given,)
    assert await loaded(corrections, one, "http://mill.test:81/other") == (given,)
    assert await loaded(corrections, one, "https://other.test/") == ()
    assert await loaded(corrections, two) == ()
    assert await corrections.corrections_of(two) == []
    assert await corrections.pages(two) == []
    assert not await corrections.delete(two, given.id)
    [found] = await corrections.corrections_of(one)
    assert (found.id, found.role, found.instead_of, found.path) == (given.id, BlockRole.JUNK, BlockRole.BODY, PATH)
    assert (found.sample, found.url, found.of_text) == ("A \ufffd? text", URL, False)


async def test_another_role_of_the_same_block_takes_the_place_of_the_first(corrections, keys):
    one = keys[0]
    await save(corrections, one, correction(one))
    await save(corrections, one, correction(one, role=BlockRole.META))
    assert [found.role for found in await loaded(corrections, one)] == [BlockRole.META]


async def test_one_that_replaces_another_takes_its_place(corrections, keys):
    one = keys[0]
    first, second = correction(one), correction(one, text="digest")
    await save(corrections, one, first)
    await save(corrections, one, second, replaces=first.id)
    assert await loaded(corrections, one) == (second,)


async def test_what_changes_is_seen_at_once_by_who_remembers(corrections, keys):
    one = keys[0]
    first, second = correction(one), correction(one, text="digest")
    await save(corrections, one, first)
    before = await corrections.version(one)
    assert await loaded(corrections, one) == (first,)
    await save(corrections, one, second)
    assert await corrections.version(one) > before
    assert await loaded(corrections, one) == (first, second)
    assert await corrections.delete(one, first.id)
    assert not await corrections.delete(one, first.id)
    assert await loaded(corrections, one) == (second,)


async def test_a_key_has_no_more_than_allowed(corrections, keys):
    one = keys[0]
    for text in "abc":
        await save(corrections, one, correction(one, text=text))
    with pytest.raises(ConflictError):
        await save(corrections, one, correction(one, text="d"))
    await save(corrections, one, correction(one, text="a", role=BlockRole.BODY))
    await save(corrections, one, correction(one, text="e"), replaces=correction(one, text="b").id)
    assert len(await loaded(corrections, one)) == 3


async def test_a_page_is_kept_for_as_long_as_it_has_corrections(corrections, keys):
    one = keys[0]
    first, second = correction(one, text="a"), correction(one, text="b")
    await save(corrections, one, first)
    await save(corrections, one, second)
    await save(corrections, one, correction(one, text="c"), url="https://mill.test/more")  # beyond the limit of pages
    [page] = await corrections.pages(one)
    assert (page.url, await corrections.html(one, page)) == (URL, HTML)
    assert await corrections.html(keys[1], page) is None
    await corrections.delete(one, first.id)
    assert len(await corrections.pages(one)) == 1
    await corrections.delete(one, second.id)
    assert await corrections.pages(one) == []


async def test_a_revoked_key_keeps_nothing_more(corrections, database, keys):
    await Keys(database).revoke(keys[0])
    with pytest.raises(NotFoundError):
        await save(corrections, keys[0], correction(keys[0]))


async def test_what_a_revoked_key_had_is_deleted(corrections, database, keys):
    for key_id in keys:
        await save(corrections, key_id, correction(key_id))
    await Keys(database).revoke(keys[0])
    assert await corrections.delete_of_revoked_keys(10) == 2
    assert await corrections.delete_of_revoked_keys(10) == 0
    assert await corrections.corrections_of(keys[0]) == await corrections.pages(keys[0]) == []
    assert len(await loaded(corrections, keys[1])) == len(await corrections.pages(keys[1])) == 1


async def test_statements_may_come_twice(corrections, database, keys):
    one = keys[0]
    given = correction(one)
    for _ in range(2):
        await save(corrections, one, given)
    assert len(await loaded(corrections, one)) == len(await corrections.pages(one)) == 1
    for _ in range(2):
        await database.rows(statements.DELETE_CORRECTION, one, given.id)
    assert await loaded(corrections, one) == ()


def test_hosts():
    assert site_of("https://WWW.Mill.test:8/a") == "mill.test"
    assert site_of("https://[") == site_of("") == ""
    assert sites_of(["http://a.test/", None, "http://www.a.test/x", "http://b.test/"]) == ("a.test", "b.test")


async def test_corrected_pages_are_exported_in_the_form_of_the_reading_set(corrections, keys, settings):
    one, two = keys
    page = annotate(ARTICLE.encode(), URL, Choices())
    number = next(at for at, block in enumerate(page.blocks) if block.text.strip() == PROSE[1])
    block = page.blocks[number]
    given = replace(correction(one), path=block.path, text=block.digest, template=tuple(page.template))
    await save(corrections, one, given)
    async with Annotator(settings) as annotator:
        content = b"".join([chunk async for chunk in zip_of(corrections, annotator, one)])
        others = b"".join([chunk async for chunk in zip_of(corrections, annotator, two)])
    assert zipfile.ZipFile(BytesIO(others)).namelist() == []
    with zipfile.ZipFile(BytesIO(content)) as archive:
        html, truth = archive.namelist()
        record = json.loads(gzip.decompress(archive.read(truth)))
        assert gzip.decompress(archive.read(html)).decode() == ARTICLE
    assert (record["html"], record["url"], record["checked"]) == (html, URL, [number])
    assert record["blocks"][number] == ["junk", PROSE[1]]
    assert [role for role, text in record["blocks"] if text in PROSE] == ["body", "junk", "body"]


async def test_a_page_that_is_too_large_or_hostile_is_not_annotated(settings):
    limits = settings.changed(content_view_max_bytes=100_000, content_view_max_blocks=20, extraction_memory=400 << 20)
    async with Annotator(limits) as annotator:
        for html in (b"x" * 100_001, bodies.pack("<p>x" * 30)):
            assert await annotator.annotate("k", URL, html, ScrapeOptions(), ()) is None
        bomb = zstandard.compress(b'"' + b"a" * 450_000_000 + b'"')
        assert len(bomb) < 100_000
        with pytest.raises(ExtractionCrashedError):
            await annotator.annotate("k", URL, bomb, ScrapeOptions(), ())
        found = await annotator.annotate("k", URL, HTML, ScrapeOptions(), ())
    assert found["choice"] == "model"
