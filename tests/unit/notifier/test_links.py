"""One-press links: only ours, only for a day, and looking changes nothing."""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import httpx
import msgspec
import pytest

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import Alert
from services.notifier.http.link_pages import LinkPages, sign_in_address
from services.notifier.http.one_press_links import LIFE, OnePressLinks
from services.notifier.http.opened_links import LinkOpener
from services.notifier.http.pack_names import PackNames
from services.notifier.http.photo_client import PhotoClient
from services.notifier.http.router_client import RouterClient
from shared.case_page.case_answer import CaseAnswer, CaseSeen, Clock, Location, Part
from shared.case_page.words import Words
from shared.city.pack import Pack
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import FieldError, Refusal, conflict, not_found, unavailable
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.settings import Settings
from tests.kit.made_alerts import ALERT
from tests.kit.made_reports import NOW, SECRET, harbour

CASE = CaseAnswer(
    id="c1",
    state="queued",
    priority="normal",
    unit="quayside",
    path=("harbour", "oosterhaven", "quayside"),
    category="street_light",
    description="<b>Street light</b> out",
    location=Location(4.5, 51.9, place="Quay 4"),
    photos=("f1",),
    clocks=(Clock("acknowledge", NOW + timedelta(minutes=30), "running"),),
    commands=("acknowledge", "claim", "note"),
)


class FakeAlerts(AlertStore):
    def __init__(self) -> None:
        self.alert = ALERT
        self.others = [msgspec.structs.replace(ALERT, id="a2", recipient="qs-walk")]

    async def get(self, city: str, id_: str) -> Alert | None:
        return self.alert if (city, id_) == ("harbour", self.alert.id) else None

    async def of_case(self, case: str) -> list[Alert]:
        return [self.alert, *self.others]

    def change(self, **fields: Any) -> None:
        self.alert = msgspec.structs.replace(self.alert, **fields)


class FakeRouter(RouterClient):
    """Knows one case; of a press it keeps command, key, person, body and the version asked for."""

    def __init__(self) -> None:
        self.pressed: list[tuple[str, str, str, dict[str, Any], str | None]] = []
        self.refuses: Refusal | None = None
        self.shown: CaseSeen | None = CaseSeen(CASE, "7")
        self.after: CaseSeen | None = CaseSeen(
            msgspec.structs.replace(CASE, state="claimed", claimed_by="qs-desk", commands=("on_site", "resolve")), "8"
        )
        self.away = False

    async def command(
        self,
        alert: Alert,
        command: str,
        *,
        key: str,
        person: str,
        body: Mapping[str, Any] | None = None,
        if_match: str | None = None,
    ) -> CaseSeen | None:
        if self.refuses is not None:
            raise self.refuses
        self.pressed.append((command, key, person, dict(body or {}), if_match))
        return self.after

    async def case(self, alert: Alert, person: str) -> CaseSeen | None:
        if self.away:
            raise unavailable("away")
        return self.shown

    def shows(self, **fields: Any) -> None:
        self.shown = CaseSeen(msgspec.structs.replace(CASE, **fields), "7")


class FakePhotos(PhotoClient):
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, str]] = []
        self.pictures: dict[str, bytes] = {"f1": b"small", "f9": b"another case's"}

    async def send(self, alert: Alert, content: bytes, *, key: str) -> str:
        self.sent.append((content, key))
        return "f2"

    async def thumb(self, alert: Alert, photo: str) -> bytes | None:
        return self.pictures.get(photo)


class FakeDirectory(Directory):
    def __init__(self) -> None:
        self.people = {"qs-desk": "quayside"}

    async def person(self, city: str, person: str) -> Principal | None:
        unit = self.people.get(person)
        return None if unit is None else Principal(kind="officer", city=city, person=person, unit=unit)


class FakePacks(PackLibrary):
    def __init__(self) -> None:
        self.pack = harbour()

    @property
    def cities(self) -> dict[str, str]:
        return {"harbour": self.pack.version}

    def current(self, city: str) -> Pack:
        return self.pack


class Mail:
    """A link as it stands in a message."""

    def __init__(self, secret: str = SECRET, sign_in: str = "https://whistle.example/signin") -> None:
        self.alerts, self.router, self.clock = FakeAlerts(), FakeRouter(), StoppedClock(NOW)
        self.directory, self.photos, self.packs = FakeDirectory(), FakePhotos(), FakePacks()
        self.links = OnePressLinks(secret, "https://whistle.example/")
        opener = LinkOpener(self.links, self.alerts, self.router, self.packs, self.directory, self.clock)
        self.pages = LinkPages(opener, sign_in, self.alerts, self.router, self.photos, self.packs, self.clock)

    @property
    def token(self) -> str:
        return self.links.make(ALERT).rpartition("/")[2]

    async def get(self, token: str) -> tuple[int, str]:
        page = await self.pages.show(called(token))
        return page.status_code, bytes(page.body).decode()

    async def post(self, token: str, photo: bytes | None = None, **fields: str) -> tuple[int, str]:
        """A form as a browser sends it; without fields an empty body, as a program sends it."""
        files = {"photo": ("p.jpg", photo)} if photo is not None else None
        sent = httpx.Request("POST", "http://x", data=fields, files=files)
        page = await self.pages.press(called(token, sent.read(), sent.headers.get("content-type", "")))
        return page.status_code, bytes(page.body).decode()

    async def photo(self, token: str, id_: str) -> tuple[int, bytes]:
        found = await self.pages.photo(called(token, id=id_))
        return found.status_code, bytes(found.body)


def called(token: str, body: bytes = b"", content_type: str = "", **path: str) -> Call:
    request = cast(Any, SimpleNamespace(headers={"content-type": content_type}))
    return Call(request, Principal(kind="anybody", city=""), {"token": token, **path}, "", "", body)


@pytest.fixture
def mail() -> Mail:
    return Mail()


async def test_looking_shows_the_button_and_presses_nothing(mail: Mail) -> None:
    status, page = await mail.get(mail.token)
    assert status == 200
    assert "<button" in page
    assert mail.router.pressed == []


async def test_a_press_that_names_no_step_claims_under_a_key_that_happens_once(mail: Mail) -> None:
    for _ in range(2):
        status, page = await mail.post(mail.token)
        assert status == 200
        assert "It is yours now." in page
    assert mail.router.pressed == [("claim", "link-a1", "qs-desk", {}, None)] * 2


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
    mail.router.shows(state="claimed", claimed_by="qs-walk", commands=("on_site", "note"))
    status, page = await mail.get(mail.token)
    assert status == 200
    assert "Quayside walker one has it now." in page
    mail.router.refuses = conflict("not-open", "Somebody has it already.", reason="taken", state="claimed")
    status, page = await mail.post(mail.token)
    assert status == 409
    assert "Quayside walker one has it now." in page


async def test_when_the_router_is_away_one_may_press_again(mail: Mail) -> None:
    mail.router.refuses = unavailable("away")
    status, page = await mail.post(mail.token, do="claim", version="7")
    assert status == 503
    assert "Not recorded, press again." in page
    assert "<button" in page
    mail.router.away = True
    status, page = await mail.post(mail.token, do="claim", version="7")
    assert status == 503
    assert "Not recorded, press again." in page
    assert '<input type="hidden" name="do" value="claim">' in page, "what was pressed is pressed again"


@pytest.mark.parametrize("how", ["left the pack", "sees it no more"])
@pytest.mark.parametrize("state", ["sent", "acked", "over"])
async def test_who_left_or_does_not_see_the_case_any_more_reads_no_word_of_it(mail: Mail, how: str, state: str) -> None:
    """B68: the page showed title, words and button for up to a day."""
    mail.alerts.change(state=state)
    if how == "left the pack":
        mail.directory.people = {}
    else:
        mail.router.shown = None
    mail.router.refuses = not_found("case")
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
    assert "&lt;b&gt;Street light" in page
    headers = (await mail.pages.show(called(mail.token))).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_the_time_left_is_shown_and_the_time_overdue(mail: Mail) -> None:
    assert "30 min left" in (await mail.get(mail.token))[1]
    mail.clock.move_to(NOW + timedelta(minutes=105))
    assert "1 h 15 min overdue" in (await mail.get(mail.token))[1]


async def test_each_step_is_pressed_under_a_key_of_link_step_version_and_words(mail: Mail) -> None:
    for _ in range(2):
        await mail.post(mail.token, do="claim", version="7")
    await mail.post(mail.token, do="claim", version="8")
    keys = [key for _, key, *_ in mail.router.pressed]
    assert keys[0] == keys[1]
    assert keys[2] != keys[0]


async def test_only_what_judges_the_case_asks_that_it_did_not_change(mail: Mail) -> None:
    for do in ("claim", "on_site", "accept", "inspect_ok", "close"):
        await mail.post(mail.token, do=do, version="7")
    asked = {command: version for command, _, _, _, version in mail.router.pressed}
    assert asked == {"claim": None, "on_site": None, "accept": "7", "inspect": "7", "close": "7"}


async def test_the_work_is_resolved_with_how_words_and_a_photo_sent_once(mail: Mail) -> None:
    mail.router.shows(state="in_progress", commands=("resolve",))
    for _ in range(2):
        status, page = await mail.post(
            mail.token, photo=b"a picture", do="resolve", version="7", how="repair", text="换好了"
        )
        assert status == 200
        assert "Recorded as resolved" in page
    (command, key, person, body, _), again = mail.router.pressed
    assert (command, person, body) == ("resolve", "qs-desk", {"how": "repair", "text": "换好了", "photos": ["f2"]})
    assert again[1] == key
    assert mail.photos.sent[0] == mail.photos.sent[1]


async def test_a_unit_above_is_not_offered_the_communitys_work_and_cannot_press_it(mail: Mail) -> None:
    """What is open to the town's desk by its role is not what its link is for: 督办 takes nothing over."""
    mail.directory.people = {"qs-desk": "oosterhaven"}
    mail.alerts.change(kind="supervise", unit="oosterhaven")
    mail.router.shows(supervised_by="oosterhaven")
    _, page = await mail.get(mail.token)
    assert "<button" not in page
    assert "Under supervision: Quayside" in page
    assert await mail.post(mail.token) == (200, page)
    status, page = await mail.post(mail.token, do="claim", version="7")
    assert status == 403
    assert "takes nothing over" in page
    assert mail.router.pressed == []


async def test_a_desk_above_that_was_told_because_nobody_is_on_the_post_may_claim(mail: Mail) -> None:
    mail.directory.people = {"qs-desk": "oosterhaven"}
    mail.alerts.change(kind="unstaffed")
    assert 'value="claim"' in (await mail.get(mail.token))[1]
    assert (await mail.post(mail.token))[0] == 200


async def test_a_called_unit_reports_in_and_says_what_it_did(mail: Mail) -> None:
    mail.directory.people = {"qs-desk": "works"}
    mail.router.shows(state="claimed", parts=(Part("p1", "works"),), commands=("report_in", "finish_part", "note"))
    mail.alerts.change(part="p1")
    _, page = await mail.get(mail.token)
    assert 'value="report_in.p1"' in page
    assert 'value="finish_part.p1"' in page
    await mail.post(mail.token)
    await mail.post(mail.token, do="finish_part.p1", version="7", text="hung up")
    assert [(command, body) for command, _, _, body, _ in mail.router.pressed] == [
        ("report_in", {"part": "p1"}),
        ("finish_part", {"part": "p1", "text": "hung up"}),
    ]


@pytest.mark.parametrize(
    ("refusal", "status", "said"),
    [
        (conflict("not-open", "", reason="ended", state="closed"), 409, "The case has ended"),
        (conflict("not-open", "", reason="offered_elsewhere"), 409, "It is offered to"),
        (Refusal(403, "forbidden", "", extra={"reason": "guest"}), 403, "your unit is only consulted or called in"),
        (Refusal(403, "forbidden", "", extra={"reason": "role"}), 403, "Your role may not do this."),
        (Refusal(412, "stale", ""), 412, "The case changed since you read it"),
        (Refusal(422, "invalid", "", (FieldError("/photos", ""),)), 422, "requires a photo"),
        (Refusal(429, "too-many", ""), 429, "Too much at once"),
        (unavailable("away"), 503, "Not recorded, press again."),
        (Refusal(418, "teapot", ""), 503, "Not recorded, press again."),
    ],
)
async def test_a_refusal_says_its_own_reason_and_what_is_open_now(
    mail: Mail, refusal: Refusal, status: int, said: str
) -> None:
    mail.router.refuses = refusal
    answered, page = await mail.post(mail.token, do="claim", version="7")
    assert answered == status
    assert said in page
    assert 'value="claim"' in page, "the case as it is now, with what is open"
    assert "It is yours now." not in page


async def test_who_was_removed_while_pressing_reads_no_word_of_the_case(mail: Mail) -> None:
    mail.router.refuses = Refusal(403, "forbidden", "", extra={"reason": "nobody_of_the_city"})
    status, page = await mail.post(mail.token, do="claim", version="7")
    assert status == 410
    assert "Quay 4" not in page


async def test_a_repeat_that_tells_of_before_is_answered_with_the_case_of_now(mail: Mail) -> None:
    mail.router.after = None
    mail.router.shows(state="on_site", claimed_by="qs-desk", commands=("resolve",))
    status, page = await mail.post(mail.token, do="claim", version="7")
    assert status == 200
    assert 'value="resolve"' in page
    assert 'value="claim"' not in page


async def test_a_mere_signature_leaves_the_claim_to_whoever_takes_it(mail: Mail) -> None:
    """A page that only knew the alert said 已由他人接单 after a 签收."""
    mail.alerts.change(state="acked", acked_by="qs-walk")
    mail.router.shows(state="acknowledged", commands=("claim", "on_site"))
    status, page = await mail.get(mail.token)
    assert status == 200
    assert 'value="claim"' in page
    assert "has it now" not in page


async def test_an_ended_link_leads_to_sign_in_where_there_is_one(mail: Mail) -> None:
    mail.clock.move_to(NOW + LIFE)
    assert 'href="https://whistle.example/signin"' in (await mail.get(mail.token))[1]
    without = Mail(sign_in="")
    without.clock.move_to(NOW + LIFE)
    page = (await without.get(without.token))[1]
    assert "href" not in page
    assert "sign in" in page


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, ""),
        ({"console_url": "https://desk.example/"}, "https://desk.example/signin"),
        ({"public_url": "https://w.example", "console_url": "http://console:8800"}, "https://w.example/signin"),
    ],
)
def test_sign_in_is_at_the_public_address(settings: dict[str, Any], address: str) -> None:
    assert sign_in_address(Settings(**settings)) == address


async def test_small_photos_of_the_case_come_through_the_link_and_no_others(mail: Mail) -> None:
    assert await mail.photo(mail.token, "f1") == (200, b"small")
    assert (await mail.photo(mail.token, "f9"))[0] == 404
    mail.photos.pictures = {}
    assert (await mail.photo(mail.token, "f1"))[0] == 404, "not clean yet"
    mail.router.shown = None
    assert (await mail.photo(mail.token, "f1"))[0] == 410
    assert (await mail.photo("x", "f1"))[0] == 404


async def test_who_else_was_told_is_named_with_unit_and_post_and_without_a_number(mail: Mail) -> None:
    page = (await mail.get(mail.token))[1]
    assert "Quayside walker one (Quayside, grid member)" in page
    assert "Quayside desk one" not in page
    assert not re.search(r"\+?\d{9,}", re.sub(r'"[^"]*"', "", page))


async def test_an_alert_about_no_case_is_shown_without_a_button(mail: Mail) -> None:
    for change in ({"event_type": "visit.planned.v1"}, {"kind": "unattended"}, {"state": "test"}):
        mail.alerts.change(**{"event_type": ALERT.event_type, "kind": "new", "state": "sent", **change})
        for status, page in (await mail.get(mail.token), await mail.post(mail.token)):
            assert status == 200
            assert "New case" in page
            assert "<button" not in page
    assert mail.router.pressed == []


def test_the_body_of_a_forged_press_is_not_even_read(mail: Mail) -> None:
    route = next(r for r in mail.pages.routes() if r.method == "POST")
    assert route.reads_body is not None
    ours, forged = (cast(Any, SimpleNamespace(path_params={"token": t})) for t in (mail.token, mail.token[:-1]))
    assert route.reads_body(ours)
    assert not route.reads_body(forged)
    mail.clock.move_to(NOW + LIFE)
    assert not route.reads_body(ours)


async def test_what_is_no_form_is_said_and_presses_nothing(mail: Mail) -> None:
    page = await mail.pages.press(called(mail.token, b"--x", "multipart/form-data; boundary=y"))
    assert page.status_code == 400
    assert "did not arrive whole" in bytes(page.body).decode()
    assert mail.router.pressed == []


async def test_a_decline_whose_answer_was_lost_is_told_once_more_though_the_case_is_out_of_sight(mail: Mail) -> None:
    mail.router.shown, mail.router.after = None, None
    status, page = await mail.post(mail.token, do="refuse", version="7", reason="not ours")
    assert status == 200
    assert "Declined." in page
    assert "Quay 4" not in page


def test_a_picture_that_is_too_large_is_said_on_a_page_in_the_citys_language(mail: Mail) -> None:
    route = next(r for r in mail.pages.routes() if r.method == "POST")
    assert route.refusal_page is not None
    for token, said in ((mail.token, "The picture is too large"), ("forged", "照片太大")):
        request = cast(Any, SimpleNamespace(path_params={"token": token}))
        page = route.refusal_page(request, Refusal(413, "too-large", "At most 16777216 bytes."))
        assert page.status_code == 413
        assert said in bytes(page.body).decode()


def test_a_page_calls_a_unit_by_its_own_level() -> None:
    called = [PackNames(harbour(), Words(language)).level("quayside") for language in ("zh", "en")]
    assert called == ["区", "District"]
    assert PackNames(harbour(), Words("en")).level("nowhere") == ""
