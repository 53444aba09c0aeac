"""Promise: the list beside the map says of each case what the queue says of it."""

import httpx
import pytest


@pytest.mark.parametrize(("language", "name"), [("zh", "李四"), ("en", "Li Si")])
async def test_the_list_beside_the_map_says_who_has_a_case(
    browser: httpx.AsyncClient, language: str, name: str
) -> None:
    page = (await browser.get(f"/queues/quayside/map?lang={language}")).text
    case = page.partition('<li data-case="c3">')[2].partition("</li>")[0]
    assert f"· {name}</p>" in case
