"""Short codes: unguessable, always the same for an alert, leading to its link, and changing nothing."""

import re
from datetime import datetime
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import Alert
from services.notifier.http.one_press_links import OnePressLinks
from services.notifier.http.short_links import KEPT, LENGTH, ShortLinks
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Principal
from tests.kit.made_alerts import DANGER
from tests.kit.made_reports import SECRET


class FakeAlerts(AlertStore):
    def __init__(self) -> None:
        self.there = True

    async def get(self, city: str, id_: str) -> Alert | None:
        return DANGER if self.there and (city, id_) == ("harbour", "a1") else None


class FakeLinks(OnePressLinks):
    def __init__(self) -> None:
        pass

    def make(self, alert: Alert) -> str:
        return f"https://whistle.example/a/of-{alert.id}"


class FakeRows:
    """A collection in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def collection(self, _: str) -> "FakeRows":
        return self

    async def insert(self, document: dict[str, Any]) -> bool:
        return self.rows.setdefault(document["_id"], document) is document

    async def find_one(self, where: dict[str, Any]) -> dict[str, Any] | None:
        return self.rows.get(where["_id"])


def short(secret: str = SECRET) -> ShortLinks:
    return ShortLinks(secret, cast(Any, FakeRows()), FakeAlerts(), FakeLinks())


async def followed(links: ShortLinks, code: str) -> tuple[int, str]:
    call = Call(cast(Any, None), Principal(kind="anybody", city=""), {"code": code}, "", "", b"")
    answer = await links.follow(call)
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.headers["location"]


async def test_a_code_leads_to_the_alerts_link_however_often_it_is_made() -> None:
    links = short()
    codes = {await links.code(DANGER) for _ in range(3)}
    (code,) = codes
    assert re.fullmatch(rf"[A-Za-z0-9]{{{LENGTH}}}", code)
    assert await followed(links, code) == (303, "https://whistle.example/a/of-a1")
    assert await followed(links, code) == (303, "https://whistle.example/a/of-a1"), "a preview changes nothing"
    (row,) = cast(Any, links.rows).rows.values()
    assert set(row) == {"_id", "city", "alert", "at"}
    assert isinstance(row["at"], datetime), "forgotten by its index"
    assert KEPT.days == 2


@pytest.mark.parametrize("code", ["", "x", "A" * LENGTH, "A" * 500, "../../v1/me", "é" * LENGTH])
async def test_a_code_that_is_not_ours_leads_to_the_page_that_says_so(code: str) -> None:
    links = short()
    await links.code(DANGER)
    assert await followed(links, code) == (303, "/a/unknown")


async def test_a_code_of_a_forgotten_alert_leads_nowhere_either() -> None:
    links = short()
    code = await links.code(DANGER)
    cast(Any, links)._alerts.there = False
    assert await followed(links, code) == (303, "/a/unknown")


@given(st.lists(st.text("abc123", min_size=1, max_size=9), min_size=2, max_size=30, unique=True))
def test_codes_differ_between_alerts_and_installations(ids: list[str]) -> None:
    ours, other = short(), short("another secret of another installation")
    alerts = [msgspec.structs.replace(DANGER, id=id_) for id_ in ids]
    codes = [ours.code_of(alert) for alert in alerts]
    assert len({*codes, *(other.code_of(alert) for alert in alerts)}) == 2 * len(ids)


async def test_a_code_that_stands_for_no_alert_may_stand_for_an_invitation() -> None:
    ours = "A" * LENGTH

    async def other(code: str) -> str | None:
        return "https://whistle.example/i/token" if code == ours else None

    links = ShortLinks(SECRET, cast(Any, FakeRows()), FakeAlerts(), FakeLinks(), other)
    assert await followed(links, ours) == (303, "https://whistle.example/i/token")
    assert await followed(links, "B" * LENGTH) == (303, "/a/unknown")
