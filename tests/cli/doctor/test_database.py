from __future__ import annotations

import time

from pagemill.cli.doctor.database import check_database
from pagemill.jobs.database.migrator import all_migrations, migrate
from pagemill.settings import Settings
from tests.service.running import free_port


async def examine(settings, **options):
    return {each.check: each for each in await check_database(settings, **options)}


async def test_a_migrated_database_is_well(settings):
    findings = await examine(settings)
    assert {check: each.status.value for check, each in findings.items()} == {"database": "ok", "clock": "ok"}


async def test_a_server_that_is_away_fails():
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    [finding] = (await examine(Settings(database_url=url))).values()
    assert finding.status == "failed"


async def test_a_database_that_is_not_there_fails(settings, database_url):
    away = settings.changed(database_url=database_url.replace("/test_", "/no_test_"))
    assert (await examine(away))["database"].status == "failed"


async def test_a_url_that_is_none_fails():
    assert (await examine(Settings(database_url="mysql://localhost/x")))["database"].status == "failed"


async def test_an_old_schema_fails_and_one_that_is_not_there_is_told(settings, database):
    await migrate(database, to=len(all_migrations()) - 1)
    assert (await examine(settings))["database"].status == "failed"
    await migrate(database, to=0)
    await database.rows("DROP TABLE schema_versions")
    assert (await examine(settings))["database"].status == "warning"


async def test_a_newer_schema_fails(settings, database):
    await database.rows("INSERT INTO schema_versions (version, name) VALUES (999, 'future')")
    assert "newer Pagemill" in (await examine(settings))["database"].hint


async def test_a_clock_that_is_wrong_fails(settings):
    for drift in (3600, -3600):
        findings = await examine(settings, now=lambda drift=drift: time.time() + drift)
        assert findings["clock"].status == "failed"
        assert ("ahead" if drift > 0 else "behind") in findings["clock"].message


async def test_a_server_with_too_few_connections_is_told(settings):
    found = await check_database(settings.changed(database_connections=5000))
    assert [each.status.value for each in found] == ["ok", "warning", "ok"]


async def test_an_embedded_server_that_does_not_run_is_left_alone(tmp_path):
    [finding] = await check_database(Settings(data_dir=tmp_path / "data"))
    assert finding.status == "ok"
    assert not (tmp_path / "data").exists()


async def test_data_of_another_postgresql_fails(tmp_path):
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("12\n")
    [finding] = await check_database(Settings(data_dir=tmp_path))
    assert finding.status == "failed"
    assert "PostgreSQL 12" in finding.message
