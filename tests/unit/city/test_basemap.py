"""A base map is tiles in a datum in which the city can be drawn over them, or none."""

from typing import Any

import pytest

from shared.city.pack import Pack
from shared.city.problems import PackProblems
from shared.city.reading import read_folder, read_pack
from tests.packs import HARBOUR

GOOD: dict[str, Any] = {
    "kind": "xyz",
    "url": "https://tiles.example/{z}/{x}/{y}.png",
    "datum": "gcj02",
    "attribution": "Somebody's map",
    "licence": "GS(2026)1234号",
}


def pack(basemap: dict[str, Any]) -> Pack:
    files = dict(read_folder(HARBOUR))
    lines = "".join(f"  {name}: {value!r}\n" for name, value in basemap.items())
    files["city.yaml"] += f"basemap:\n{lines}"
    return read_pack(files)


def test_without_a_base_map_nothing_is_needed() -> None:
    assert read_pack(read_folder(HARBOUR)).city.basemap.kind == "none"


def test_tiles_with_datum_and_whose_they_are_hold() -> None:
    told = pack(GOOD)
    assert (told.city.basemap.datum, told.city.basemap.max_zoom) == ("gcj02", 18)
    assert not [one for one in told.warnings if "licence" in one.message]


def test_a_chinese_map_without_its_number_is_warned_of() -> None:
    assert [one for one in pack({**GOOD, "licence": ""}).warnings if "审图号" in one.message]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"datum": "bd09"}, "a grid of their own"),
        ({"datum": None}, "datum is missing"),
        ({"attribution": ""}, "attribution is missing"),
        ({"url": ""}, "no address of a server"),
        ({"url": "javascript:alert(1)//{z}{x}{y}"}, "no address of a server"),
        ({"url": "https://tiles.example; script-src *//{z}/{x}/{y}"}, "no address of a server"),
        ({"url": "https://user:pass@tiles.example/{z}/{x}/{y}"}, "no address of a server"),
        ({"url": "https://{s}.tiles.example/{z}/{x}/{y}"}, "no address of a server"),
        ({"url": "https://tiles.example/{z}/{x}.png"}, "{z}, {x} and {y}"),
        ({"kind": "none"}, "the address is not used"),
    ],
)
def test_what_cannot_be_drawn_is_said_with_why(changed: dict[str, Any], says: str) -> None:
    given = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    with pytest.raises(PackProblems) as found:
        pack(given)
    assert any(says in one.message for one in found.value.problems)
