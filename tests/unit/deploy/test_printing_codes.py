"""`whistle city codes`: a printed code leads to the rider's page with its place filled in."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import segno

from deploy.cli.api import Failed
from deploy.cli.commands.printing_codes import Code, codes_of, sheet, write
from services.console.pages.rider_pages.reporting import PLACE_MAX, point_of
from shared.city.reading import read_folder, read_pack
from tests.kit.stack import ROOT

GARDENS = ROOT / "tests" / "packs" / "gardens"
PAGE = "https://grid.example"


def test_each_place_has_a_code_and_so_has_each_building(tmp_path: Path) -> None:
    write(GARDENS, PAGE, tmp_path / "codes.html", frozenset(), ("路灯J-17",))
    places = [code for place in read_pack(read_folder(GARDENS)).places for code in codes_of(place, True)]
    text = (tmp_path / "codes.html").read_text()
    assert text.count("<svg") == len(places) + 1
    assert "<strong>路灯J-17</strong>" in text
    assert not re.search(r"<script|src=|href=", text)


def test_the_page_reads_what_the_code_says() -> None:
    code = Code("建华园 3号楼 & <b>", (120.248534, 33.762318))
    url = urlsplit(code.url(PAGE))
    query = parse_qs(url.query)
    assert (url.path, query["place"]) == ("/r", [code.name])
    assert point_of(query["at"][0]) == ("120.248534", "33.762318")
    assert len(code.name) <= PLACE_MAX
    drawn = segno.make(code.url(PAGE), error="m", micro=False).svg_inline(border=4, omitsize=True)
    assert drawn in sheet([code], PAGE, "zh", "花园县")
    assert "<b>" not in sheet([code], PAGE, "zh", "花园县")


@pytest.mark.parametrize(("page", "kinds"), [("grid.example", frozenset[str]()), (PAGE, frozenset({"nowhere"}))])
def test_a_sheet_that_would_lead_nowhere_is_refused(tmp_path: Path, page: str, kinds: frozenset[str]) -> None:
    with pytest.raises(Failed):
        write(GARDENS, page, tmp_path / "codes.html", kinds, ())
