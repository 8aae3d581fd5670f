from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pagemill.api.ui.rendering import environment
from pagemill.api.ui.static_files import FOLDER

if TYPE_CHECKING:
    from tests.api.conftest import Api

MOST_BYTES = 300_000


async def test_files_are_kept_by_browsers_until_they_change(api: Api) -> None:
    for path in FOLDER.iterdir():
        answer = await api.client.get(f"/ui/assets/{path.name}")
        assert (answer.status_code, answer.content) == (200, path.read_bytes())
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again = await api.client.get(f"/ui/assets/{path.name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert (await api.client.get("/ui/assets/style.css")).headers["Content-Type"].startswith("text/css")
    for name in ("nothing.js", "..%2frendering.py", "%2e%2e"):
        assert (await api.client.get(f"/ui/assets/{name}")).status_code in (401, 404)


def test_all_files_together_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MOST_BYTES


def test_templates_load_what_is_here_and_hold_no_scripts_or_styles_of_their_own() -> None:
    for name in environment().list_templates():
        text = (FOLDER.parent / "templates" / name).read_text()
        for file in re.findall(r'"/ui/assets/([^"]+)"', text):
            assert (FOLDER / file).is_file(), file
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|\|\s*safe", text), name
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text), name


def test_modules_load_what_is_here() -> None:
    for path in FOLDER.glob("*.js"):
        for file in re.findall(r'from "([^"]+)"', path.read_text()):
            assert (FOLDER / file).is_file(), file
        assert "innerHTML" not in path.read_text(), path.name
