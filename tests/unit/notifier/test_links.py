"""One-press links: only ours, only for a day, and looking changes nothing."""

import base64
from datetime import timedelta
from typing import Any, cast

import msgspec
import pytest

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import Alert
from services.notifier.http.one_press_links import LIFE, OnePressLinks
from services.notifier.http.router_client import RouterClient
from shared.city.pack import Pack
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import Refusal, conflict, unavailable
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.pack_library import PackLibrary
from tests.kit.made_reports import NOW, SECRET, harbour

ALERT = Alert(
    id="a1",
    city="harbour",
    recipient="qs-desk",
    unit="quayside",
    channel="inbox",
    kind="new",
    case="c1",
    case_version=1,
    because="e1",
    event_type="case.opened.v1",
    event_at=NOW,
    priority="normal",
    title="New case",
    text="Quayside · <b>Street light</b>",
    due_at=NOW + timedelta(minutes=30),
    state="sent",
    at=NOW,
    trace="",
)


class FakeAlerts(AlertStore):
    def __init__(self) -> None:
        self.alert = ALERT

    async def get(self, city: str, id_: str) -> Alert | None:
        return self.alert if (city, id_) == ("harbour", self.alert.id) else None

    def change(self, **fields: Any) -> None:
        self.alert = msgspec.structs.replace(self.alert, **fields)


class FakeRouter(RouterClient):
    def __init__(self) -> None:
        self.pressed: list[tuple[str, str, str]] = []
        self.refuses: Refusal | None = None
        self.seen = True
        self.away = False

    async def command(self, alert: Alert, command: str, *, key: str, person: str) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.pressed.append((command, key, person))

    async def shows(self, alert: Alert, person: str) -> bool:
        if self.away:
            raise unavailable("away")
        return self.seen


class FakeDirectory(Directory):
    def __init__(self) -> None:
        self.people = {"qs-desk"}

    async def person(self, city: str, person: str) -> Principal | None:
        return Principal(kind="officer", city=city, person=person) if person in self.people else None


class FakePacks(PackLibrary):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def current(self, city: str) -> Pack:
        return harbour()


class Mail:
    """A link as it stands in a message."""

    def __init__(self, secret: str = SECRET) -> None:
        self.alerts, self.router, self.clock = FakeAlerts(), FakeRouter(), StoppedClock(NOW)
        self.directory = FakeDirectory()
        self.links = OnePressLinks(
            secret, "https://whistle.example/", self.alerts, self.router, FakePacks(), self.directory, self.clock
        )

    @property
    def token(self) -> str:
        return self.links.make(ALERT).rpartition("/")[2]

    async def get(self, token: str) -> tuple[int, str]:
        page = await self.links.show(called(token))
        return page.status_code, bytes(page.body).decode()

    async def post(self, token: str) -> tuple[int, str]:
        page = await self.links.press(called(token))
        return page.status_code, bytes(page.body).decode()


def called(token: str) -> Call:
    return Call(cast(Any, None), Principal(kind="anybody", city=""), {"token": token}, "", "", b"")


@pytest.fixture
def mail() -> Mail:
    return Mail()


async def test_looking_shows_the_button_and_presses_nothing(mail: Mail) -> None:
    status, page = await mail.get(mail.token)
    assert status == 200
    assert "<button" in page
    assert mail.router.pressed == []


async def test_pressing_claims_for_the_recipient_under_a_key_that_happens_once(mail: Mail) -> None:
    for _ in range(2):
        status, page = await mail.post(mail.token)
        assert (status, "<button" in page) == (200, False)
    assert mail.router.pressed == [("claim", "link-a1", "qs-desk")] * 2


@pytest.mark.parametrize("spoil", ["", "x", "AAAA", "é", "%00", "A" * 4000, "-_" * 30])
async def test_a_token_that_is_none_is_404_for_looking_and_pressing(mail: Mail, spoil: str) -> None:
    assert (await mail.get(spoil))[0] == 404
    assert (await mail.post(spoil))[0] == 404
    assert mail.router.pressed == []


async def test_no_changed_byte_of_a_token_is_taken(mail: Mail) -> None:
    raw = base64.urlsafe_b64decode(mail.token + "=" * (-len(mail.token) % 4))
    for place in range(len(raw)):
        forged = bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]])
        assert (await mail.post(base64.urlsafe_b64encode(forged).decode().rstrip("=")))[0] == 404
    assert mail.router.pressed == []


async def test_a_token_of_another_installation_is_not_taken(mail: Mail) -> None:
    assert (await mail.get(Mail("another installation, thirty-two!").token))[0] == 404


async def test_a_link_ends_after_a_day_and_says_so(mail: Mail) -> None:
    mail.clock.move_to(NOW + LIFE - timedelta(seconds=1))
    assert (await mail.get(mail.token))[0] == 200
    mail.clock.move_to(NOW + LIFE)
    for status, page in (await mail.get(mail.token), await mail.post(mail.token)):
        assert status == 410
        assert "<button" not in page
    assert mail.router.pressed == []


async def test_who_comes_late_is_told_who_has_it(mail: Mail) -> None:
    mail.alerts.change(state="acked", acked_by="qs-walk")
    status, page = await mail.get(mail.token)
    assert status == 409
    assert "Quayside walker one has it now." in page
    mail.router.refuses = conflict("not-open", "Somebody has it already.")
    assert (await mail.post(mail.token))[0] == 409


async def test_when_the_router_is_away_one_may_press_again(mail: Mail) -> None:
    mail.router.refuses = unavailable("away")
    status, page = await mail.post(mail.token)
    assert status == 503
    assert "Not recorded, press again." in page
    assert "<button" in page


@pytest.mark.parametrize("how", ["left the pack", "sees it no more"])
@pytest.mark.parametrize("state", ["sent", "acked", "over"])
async def test_who_left_or_does_not_see_the_case_any_more_reads_no_word_of_it(mail: Mail, how: str, state: str) -> None:
    """B68: the page showed title, words and button for up to a day."""
    mail.alerts.change(state=state)
    mail.router.seen = how == "left the pack"
    mail.directory.people = {"qs-desk"} if mail.router.seen is False else set()
    for status, page in (await mail.get(mail.token), await mail.post(mail.token)):
        assert status == 410
        assert not [word for word in ("Street light", "Quayside", "New case", "<button") if word in page]
    assert mail.router.pressed == []


async def test_a_page_whose_right_cannot_be_asked_shows_nothing_and_may_be_opened_again(mail: Mail) -> None:
    """B68: the router is away."""
    mail.router.away = True
    status, page = await mail.get(mail.token)
    assert status == 503
    assert "Street light" not in page
    mail.router.away = False
    assert (await mail.get(mail.token))[0] == 200


async def test_an_ended_link_says_nothing_of_the_case(mail: Mail) -> None:
    mail.clock.move_to(NOW + LIFE)
    assert "New case" not in (await mail.get(mail.token))[1]


async def test_words_are_escaped_and_nothing_foreign_is_loaded(mail: Mail) -> None:
    _, page = await mail.get(mail.token)
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    headers = (await mail.links.show(called(mail.token))).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_the_time_left_is_shown_and_the_time_overdue(mail: Mail) -> None:
    assert "30 min left" in (await mail.get(mail.token))[1]
    mail.clock.move_to(NOW + timedelta(minutes=105))
    assert "1 h 15 min overdue" in (await mail.get(mail.token))[1]
