from __future__ import annotations

import pytest

from pagemill.cli.doctor.object_storage import check_object_storage
from pagemill.settings import Settings


async def examine(url):
    return [(each.status.value, each.message) for each in await check_object_storage(Settings(bodies_url=url))]


async def test_without_one_there_is_nothing_to_say():
    assert await examine(None) == []


async def test_a_folder_is_written_read_and_left_empty(tmp_path):
    [(status, _)] = await examine(tmp_path.as_uri())
    assert status == "ok"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_bucket_is_written_read_and_deleted_from(s3):
    [(status, message)] = await examine("s3://bodies/doctor")
    assert (status, message) == ("ok", "s3://bodies/doctor can be written, read and deleted from")


@pytest.mark.parametrize("url", ["s3://no-such-bucket", "az://container"])
async def test_one_that_does_not_take_objects_fails_in_one_line(s3, url):
    [(status, message)] = await examine(url)
    assert status == "failed"
    assert "\n" not in message
    assert "s3cret" not in message


async def test_a_server_that_is_away_fails(s3):
    await s3.cut()
    [(status, message)] = await examine("s3://bodies")
    assert status == "failed"
    assert "could not be written" in message
    await s3.mend()
