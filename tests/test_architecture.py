"""The picture of the rooms in docs/architecture.md: every folder is in it, and its arrows are those of the imports."""

from __future__ import annotations

import ast
import re
import tomllib

import grimp
import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "pagemill"
MOST_FILES = 14
TEXT = (ROOT / "docs" / "architecture.md").read_text()
[PICTURE] = re.findall(r"```mermaid\n(flowchart TB\n.*?)```", TEXT, re.DOTALL)
ROOMS = dict(re.findall(r'(\w+)\["([\w/.]+)', PICTURE))
"""The names in the picture, and the folder or file that each stands for."""
ARROWS = re.findall(r"^ *(\w+) --> (\w+)$", PICTURE, re.MULTILINE)

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
ROOT_PACKAGE = "pagemill"


def module_of(room):
    return ".".join((ROOT_PACKAGE, *room.removesuffix(".py").split("/")))


def layers_by_container():
    """The level of each module that a contract puts into layers, 0 at the top, by the package that holds it."""
    levels = {}
    for contract in CONTRACTS:
        if contract["type"] != "layers":
            continue
        for container in contract.get("containers", [ROOT_PACKAGE]):
            for level, layer in enumerate(contract["layers"]):
                names = [name.strip().removeprefix(f"{container}.") for name in re.split(r"[|:]", layer)]
                levels.setdefault(container, {}).update(dict.fromkeys(names, level))
    return levels


LEVELS = layers_by_container()


def where_they_part(importer, imported):
    """The package that holds both, and the names in it through which each is reached."""
    one, other = importer.split("."), imported.split(".")
    depth = next(index for index, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return ".".join(one[:depth]), one[depth], other[depth]


def imports_any_of(imports, importer, imported):
    """Whether a module in the one imports a module in the other."""
    inside = {importer} | imports.find_descendants(importer)
    found = {imported} | imports.find_descendants(imported)
    return any(not found.isdisjoint(imports.find_modules_directly_imported_by(module)) for module in inside)


@pytest.fixture(scope="module")
def imports():
    return grimp.build_graph(ROOT_PACKAGE, cache_dir=None)


def test_the_rooms_are_the_folders():
    folders = {file.parent.relative_to(SOURCE).as_posix() for file in SOURCE.rglob("__init__.py")} - {"."}
    drawn = list(ROOMS.values())
    assert len(drawn) == len(set(drawn))
    for room in drawn:
        if room.endswith(".py"):
            assert (SOURCE / room).is_file(), room
    assert {room for room in drawn if not room.endswith(".py")} == folders


def test_every_box_stands_in_the_box_of_its_folder():
    around = []
    for line in PICTURE.splitlines():
        drawn = re.match(r' *(?:subgraph )?\w+\["([\w/.]+)', line)
        if drawn:
            assert drawn[1].rpartition("/")[0] == (around[-1] if around else ""), drawn[1]
        if line.strip().startswith("subgraph"):
            around.append(drawn[1])
        elif line.strip() == "end":
            around.pop()
    assert not around


@pytest.mark.parametrize(("importer", "imported"), ARROWS)
def test_an_arrow_is_an_import_and_runs_down_the_layers(importer, imported, imports):
    one, other = module_of(ROOMS[importer]), module_of(ROOMS[imported])
    container, upper, lower = where_they_part(one, other)
    assert LEVELS[container][upper] < LEVELS[container][lower]
    assert imports_any_of(imports, one, other)


def test_every_import_between_the_large_parts_follows_arrows(imports):
    """`settings` and `errors` may be imported by all that stands above them."""
    parts = {room for room in ROOMS.values() if "/" not in room} - {"settings", "errors"}
    arrows = {(ROOMS[importer], ROOMS[imported]) for importer, imported in ARROWS}
    reached = {(one, other) for one, other in arrows if "/" not in one + other}
    for _ in parts:
        reached |= {(one, end) for one, middle in reached for start, end in reached if middle == start}
    for one in parts:
        for other in parts - {one}:
            if imports_any_of(imports, module_of(one), module_of(other)):
                assert (one, other) in reached


def python_folders():
    """The folders with code of ours, in the whole project."""
    for top in ("src", "tests", "bench", "training"):
        for folder in {file.parent for file in (ROOT / top).rglob("*.py")}:
            if not any(part.startswith(".") for part in folder.relative_to(ROOT).parts):
                yield folder


def test_no_folder_has_more_files_than_one_can_look_over():
    files = {folder.relative_to(ROOT).as_posix(): len([*folder.glob("*.py")]) for folder in python_folders()}
    assert len(files) > 50
    assert {folder: count for folder, count in files.items() if count > MOST_FILES} == {}


def test_every_folder_says_what_belongs_there():
    files = [*SOURCE.rglob("__init__.py")]
    silent = [file for file in files if not ast.get_docstring(ast.parse(file.read_text()))]
    assert len(files) > 30
    assert silent == []


def test_no_modules_import_each_other_in_a_circle(imports):
    """Not even for types."""
    remaining = {module: set(imports.find_modules_directly_imported_by(module)) for module in imports.modules}
    while leaves := [module for module, imported in remaining.items() if imported.isdisjoint(remaining)]:
        for module in leaves:
            del remaining[module]
    assert remaining == {}


def test_the_tests_mirror_the_folders():
    folders = {file.parent.relative_to(ROOT / "tests") for file in (ROOT / "tests").rglob("test_*.py")}
    without = {folder.as_posix() for folder in folders if not (SOURCE / folder).is_dir()}
    assert without == {"service", "fuzz", "extraction/golden"}  # of the whole service, of what reads bytes, of pages
