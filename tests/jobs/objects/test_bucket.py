from __future__ import annotations

import stat

import pytest
import structlog

from pagemill.errors import DamagedResultError, StorageUnavailableError
from pagemill.jobs.objects.bucket import Bucket
from pagemill.jobs.objects.object_storage import ObjectStorage, reason
from pagemill.observability import instruments


@pytest.fixture
async def bucket(bodies_url):
    return await Bucket.open(bodies_url, 5)


async def test_an_object_is_written_read_listed_and_deleted(bucket):
    await bucket.put("a/b/c", b"0123456789")
    assert await bucket.read("a/b/c", 2, 3) == b"234"
    [[(name, _)]] = [part async for part in bucket.names("a/")]
    assert name == "a/b/c"
    await bucket.delete(["a/none", "a/b/c", "a/b/none"])
    assert [part async for part in bucket.names("a/") if part] == []
    with pytest.raises(FileNotFoundError):
        await bucket.read("a/b/c", 0, 1)


@pytest.mark.parametrize(("start", "length"), [(0, 3), (1, 2), (2, 1), (9, 1)])
async def test_an_object_that_is_cut_short_is_damaged(bucket, start, length):
    await bucket.put("short", b"01")
    with pytest.raises(DamagedResultError):
        await bucket.read("short", start, length)


async def test_a_folder_is_for_its_user_alone(tmp_path):
    await Bucket.open((tmp_path / "new").as_uri(), 5)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


async def test_a_bucket_that_is_not_there_is_a_storage_that_is_away(s3):
    bucket = await Bucket.open("s3://no-such-bucket", 5)
    with pytest.raises(StorageUnavailableError):
        await bucket.put("a", b"x")
    with pytest.raises(StorageUnavailableError):
        [_ async for _ in bucket.names("")]


@pytest.mark.parametrize("url", ["az://container", "file:///proc/none"])
async def test_one_that_cannot_be_opened_says_why(url):
    with pytest.raises(StorageUnavailableError) as raised:
        await Bucket.open(url, 5)
    assert reason(raised.value)


async def test_no_secret_is_logged(s3, settings, database):
    storage = ObjectStorage(settings.changed(bodies_url="s3://bodies/log"), database)
    await s3.cut()
    with structlog.testing.capture_logs() as lines, pytest.raises(StorageUnavailableError):
        await storage.put_cached(b"k", [b"body"])
    [line] = [line for line in lines if "object storage" in line["event"]]
    assert "\n" not in line["error"]
    assert "s3cret" not in str(lines)
    assert "AKIATEST" not in str(lines)
    await s3.mend()


async def test_requests_are_counted_with_what_became_of_them(tmp_path):
    bucket = await Bucket.open(tmp_path.as_uri(), 5)
    instruments.turn_on("test")
    try:
        await bucket.put("a", b"0123456789")
        await bucket.read("a", 2, 3)
        with pytest.raises(DamagedResultError):
            await bucket.read("a", 8, 3)
        with pytest.raises(FileNotFoundError):
            await bucket.read("none", 0, 1)
        with pytest.raises(StorageUnavailableError):
            await bucket.put("a/b", b"where a file is no folder")
        assert [part async for part in bucket.names("")]
        await bucket.delete(["a"])
        samples = [sample for family in instruments.counted().collect() for sample in family.samples]
    finally:
        instruments.turn_off()
    found = {(one.name.removeprefix("pagemill_storage_"), *sorted(one.labels.values())): one.value for one in samples}
    requests = {key[1:]: count for key, count in found.items() if key[0] == "requests_total" and count}
    lists = requests.pop(("list", "ok"))
    assert lists >= 1
    assert requests == {
        ("ok", "put"): 1, ("error", "put"): 1, ("ok", "read"): 1, ("damaged", "read"): 1, ("missing", "read"): 1,
        ("delete", "ok"): 1,
    }  # fmt: skip
    assert (found["bytes_total", "put"], found["bytes_total", "read"]) == (10, 3)
    assert found["request_duration_seconds_count", "read"] == 3
