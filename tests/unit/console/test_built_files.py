"""Scripts and styles: built at set-up, small, served for ever, smaller where the browser takes it."""

import gzip
import json
import re
from pathlib import Path

import pytest

from services.console.frame.built_files import BUILT, BuiltFiles, NotBuiltError
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_router import MadeRouter

SCRIPT_MAX, STYLE_MAX, MAP_MAX = 40_000, 15_000, 60_000
"""Bytes as gzip: before a page is usable, and its style."""
CLIENT = BUILT.parent / "client"
LINES_MAX, RIDER_LINES_MAX = 1500, 700
"""Of the officers' console, and of the rider's page, which has none of its modules but the smallest."""


@pytest.fixture
def door() -> ConsoleDoor:
    return ConsoleDoor(MadeRouter())


def size(entry: str) -> int:
    return len(gzip.compress((BUILT / BuiltFiles().url(entry).rpartition("/")[2]).read_bytes(), 9))


def test_scripts_and_styles_are_small() -> None:
    assert size("console.js") <= SCRIPT_MAX
    assert size("console.css") <= STYLE_MAX
    assert size("rider.js") <= SCRIPT_MAX


def test_our_own_modules_are_few_lines() -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in CLIENT.glob("*.js")}
    riders = sum(count for name, count in lines.items() if name.startswith("rider"))
    assert riders <= RIDER_LINES_MAX
    assert sum(lines.values()) - riders <= LINES_MAX


def test_a_map_adds_little_and_only_where_it_is_shown() -> None:
    assert size("map.js") + size("map.css") <= MAP_MAX
    assert size("wall.js") + size("wall.css") <= SCRIPT_MAX
    assert b"leaflet" not in (BUILT / BuiltFiles().url("console.js").rpartition("/")[2]).read_bytes()


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        (b"gzip, deflate, br", "br"),
        (b"gzip", "gzip"),
        (b"br;q=0, gzip;q=0.5", "gzip"),
        (b"identity", None),
        (b"", None),
    ],
)
async def test_a_file_comes_smaller_where_the_browser_takes_it(
    door: ConsoleDoor, accepts: bytes, encoding: str | None
) -> None:
    for entry, type_ in (("console.js", "text/javascript; charset=utf-8"), ("console.css", "text/css; charset=utf-8")):
        got = await door.get(BuiltFiles().url(entry), ((b"accept-encoding", accepts),))
        assert (got.status, got.header("content-type"), got.header("content-encoding")) == (200, type_, encoding)
        assert got.header("cache-control") == "public, max-age=31536000, immutable"
        assert got.header("vary") == "accept-encoding"


@pytest.mark.parametrize("name", ["manifest.json", "console.js", "..%2fapp.py", "x", "console-2SMR6QMQ.js.br"])
async def test_nothing_else_is_served(door: ConsoleDoor, name: str) -> None:
    assert (await door.get(f"/built/{name}")).status == 404


def test_what_is_not_built_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotBuiltError, match="make setup"):
        BuiltFiles(tmp_path / "built")
    (tmp_path / "manifest.json").write_text(json.dumps({"console.js": "console-X.js"}))
    with pytest.raises(NotBuiltError, match=r"console-X\.js"):
        BuiltFiles(tmp_path)


def test_the_lock_names_no_registry_and_every_package_has_a_hash() -> None:
    lock = json.loads((BUILT.parent / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    for name, one in packages.items():
        assert "resolved" not in one, name
        assert one["integrity"].startswith("sha512-"), name


def test_dark_is_the_same_whether_chosen_or_asked_for_by_the_browser() -> None:
    asked = (Path("shared") / "case_page" / "tokens.css").read_text()
    chosen = (CLIENT / "styles" / "dark.css").read_text()
    blocks = [
        re.search(rf"{re.escape(mark)} \{{(.*?)\}}", text, re.DOTALL)
        for mark, text in ((':root:not([data-theme="light"])', asked), (':root[data-theme="dark"]', chosen))
    ]
    assert all(blocks)
    assert len({block[1] for block in blocks if block is not None}) == 1


def test_only_the_tokens_name_colours() -> None:
    for path in (*(CLIENT / "styles").glob("*.css"), Path("shared") / "case_page" / "case_page.css"):
        if path.name != "dark.css":
            found = [hit for hit in re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text()) if hit not in ("#fff", "#999")]
            assert found == [], path.name
