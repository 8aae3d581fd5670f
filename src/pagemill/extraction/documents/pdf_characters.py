"""The characters of a PDF's page by the direction in which they run, each printed once."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Character = dict[str, Any]

_MAX_SKEW = 10
"""How many degrees a line may be from a direction and still run in it, as in crooked scans."""
_SAME_PLACE = 0.12
"""How far apart two prints of one character may be, relative to the font size. Two narrow letters are further apart."""


@dataclass(frozen=True, slots=True)
class Characters:
    """What one page holds: most of it, in a frame where its lines run to the right, and what runs in other ways."""

    main: list[Character]
    turned: bool
    """Whether the frame of `main` is not the page's."""
    sideways: list[list[Character]]
    """The rest, each direction in a frame of its own. Diagonal text, such as a watermark, is left out."""


def read(characters: Iterable[Character], width: float, height: float) -> Characters:
    """Sort the characters of a page that is so large."""
    directions: dict[int, list[Character]] = defaultdict(list)
    diagonal: list[Character] = []
    for character in characters:
        direction = _direction(character)
        (diagonal if direction is None else directions[direction]).append(character)
    if not directions:
        return Characters(_once(diagonal), turned=True, sideways=[])
    main = max(directions, key=lambda direction: (len(directions[direction]), direction == 0))
    frames = {
        direction: _once([_turned(character, direction, width, height) for character in found])
        for direction, found in directions.items()
    }
    return Characters(frames.pop(main), main != 0, list(frames.values()))


def _direction(character: Character) -> int | None:
    """The direction of a character's line: 0 to the right, 90 upwards, 180 or 270; None for a diagonal."""
    a, b = character["matrix"][:2]
    angle = math.degrees(math.atan2(b, a)) % 360
    nearest = round(angle / 90) * 90
    return nearest % 360 if abs(angle - nearest) <= _MAX_SKEW else None


def _turned(character: Character, direction: int, width: float, height: float) -> Character:
    if direction == 0:
        return character
    left, right, top, bottom = (character[name] for name in ("x0", "x1", "top", "bottom"))
    if direction == 90:
        left, right, top, bottom = height - bottom, height - top, left, right
    elif direction == 180:
        left, right, top, bottom = width - right, width - left, height - bottom, height - top
    else:
        left, right, top, bottom = top, bottom, width - right, width - left
    size = character["size"] if direction == 180 else bottom - top
    return {
        **character,
        "x0": left,
        "x1": right,
        "top": top,
        "bottom": bottom,
        "doctop": top,
        "size": size,
        "upright": True,
    }


def _once(characters: list[Character]) -> list[Character]:
    """Each character once. What was printed again a little beside itself, to look bold, counts as bold."""
    places: dict[tuple[str, str, int, int], list[int]] = defaultdict(list)
    kept: list[Character] = []
    bold: set[int] = set()
    for character in characters:
        step = max(character["size"] * _SAME_PLACE, 0.01)
        column, row = int(character["x0"] // step), int(character["top"] // step)
        text, font = character["text"], character["fontname"]
        earlier = _printed_before(character, kept, places, (text, font, column, row), step)
        if earlier is None:
            places[text, font, column, row].append(len(kept))
            kept.append(character)
        elif _distance(character, kept[earlier]) > step / 100:
            bold.add(earlier)
    if 2 * len(bold) < len(kept):
        for index in bold:
            kept[index] = {**kept[index], "fontname": f"{kept[index]['fontname']}-Bold"}
    return kept


def _printed_before(
    character: Character,
    kept: list[Character],
    places: dict[tuple[str, str, int, int], list[int]],
    place: tuple[str, str, int, int],
    step: float,
) -> int | None:
    text, font, column, row = place
    for x in (column - 1, column, column + 1):
        for y in (row - 1, row, row + 1):
            for index in places.get((text, font, x, y), ()):
                if _distance(character, kept[index]) <= step:
                    return index
    return None


def _distance(character: Character, other: Character) -> float:
    return float(max(abs(character["x0"] - other["x0"]), abs(character["top"] - other["top"])))
