"""Keys pressed in calls: a 1 signs in the called person's name, once, and nothing else does anything."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.channels.callback_words import CallbackWords
from services.notifier.channels.channel import References
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery
from services.notifier.http.key_presses import AT_ONCE, TAKEN, KeyPress, KeyPresses, presses
from services.notifier.http.router_client import RouterClient
from shared.city.pack import Pack
from shared.city.reading import read_pack
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import Refusal, conflict, unavailable
from shared.runtime.http_server.route import Answer, Call
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.pack_library import PackLibrary
from tests.kit.made_alerts import DANGER
from tests.kit.made_reports import NOW
from tests.packs import harbour_with_channels

WORD = "a-secret-word-of-the-harbour"
VOICE = {
    "gateway": "aliyun",
    "key": "${CHANNEL_HARBOUR_KEY}",
    "secret": "${CHANNEL_HARBOUR_SECRET}",
    "templates": {"call": "TTS_1"},
    "callback": "${CHANNEL_HARBOUR_CALLBACK}",
}
CALLED = AlertDelivery(
    id="d1",
    city="harbour",
    receiver="v1",
    channel="voice",
    to="person",
    alert="a1",
    because="e1",
    case="c1",
    lane=0,
    pack_version="p1",
    state="delivered",
    attempts=1,
    next_at=NOW,
    made_at=NOW,
    call="116^102",
)


class FakeAlerts(AlertStore):
    def __init__(self) -> None:
        self.alert = DANGER

    async def get(self, city: str, id_: str) -> Alert | None:
        return self.alert if (city, id_) == ("harbour", "a1") else None


class FakeDeliveries(AlertDeliveries):
    def __init__(self) -> None:
        pass

    async def of_call(self, city: str, call: str) -> AlertDelivery | None:
        return CALLED if (city, call) == ("harbour", CALLED.call) else None


class FakeRouter(RouterClient):
    """Remembers commands by key, as the router does."""

    def __init__(self) -> None:
        self.signed: dict[str, tuple[str, str, str]] = {}
        self.refuses: Refusal | None = None

    async def command(self, alert: Alert, command: str, *, key: str, person: str, **_: Any) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.signed[key] = (alert.case, command, person)


class FakeDirectory(Directory):
    def __init__(self) -> None:
        self.people = {"qs-desk"}

    async def person(self, city: str, person: str) -> Principal | None:
        return Principal(kind="officer", city=city, person=person) if person in self.people else None


class FakePacks(PackLibrary):
    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    @property
    def cities(self) -> Any:
        return {"harbour": self._pack.version}

    def current(self, city: str) -> Pack:
        return self._pack


class Line:
    """The address that the gateway was told."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        pack = read_pack(harbour_with_channels(city={"voice": VOICE}))
        named = {"CHANNEL_HARBOUR_CALLBACK": WORD} if environment is None else environment
        self.words = CallbackWords(FakePacks(pack), References(named))
        self.clock = StoppedClock(DANGER.at)
        self.alerts, self.router, self.directory = FakeAlerts(), FakeRouter(), FakeDirectory()
        self.route = KeyPresses(
            self.words.city_of, self.alerts, FakeDeliveries(), self.router, self.directory, self.clock
        )

    async def post(self, body: Any, word: str = WORD) -> Answer:
        request = cast(Any, SimpleNamespace(client=None))
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.route.take(Call(request, Principal(kind="anybody", city=""), {"word": word}, "", "", raw))


def alibaba(call: str = "116^102", dtmf: Any = "1") -> list[dict[str, Any]]:
    return [{"call_id": call, "dtmf": dtmf, "status_code": "200000", "callee": "13800000000", "out_id": ""}]


def tencent(call: str = "116^102", key: Any = "1") -> dict[str, Any]:
    return {"voicekey_callback": {"callid": call, "keypress": key, "mobile": "13800000000", "nationcode": "86"}}


SIGNED = {"call-d1": ("c1", "acknowledge", "qs-desk")}


@pytest.mark.parametrize("body", [alibaba(), tencent()])
async def test_a_one_signs_in_the_called_persons_name_and_its_repeat_is_the_same_command(body: Any) -> None:
    line = Line()
    for _ in range(3):
        assert (await line.post(body)).body == TAKEN
    assert line.router.signed == SIGNED


async def test_of_a_part_the_called_person_reports_in() -> None:
    line = Line()
    line.alerts.alert = msgspec.structs.replace(DANGER, kind="called", part="p1")
    await line.post(tencent())
    assert line.router.signed == {"call-d1": ("c1", "report_in", "qs-desk")}


@pytest.mark.parametrize(
    "body",
    [alibaba(dtmf=""), alibaba(dtmf="2"), alibaba(dtmf=None), tencent(key="2"), alibaba("another^call"), tencent("x")],
)
async def test_another_key_no_key_and_a_call_that_was_not_made_sign_nothing(body: Any) -> None:
    line = Line()
    assert (await line.post(body)).body == TAKEN
    assert line.router.signed == {}


@pytest.mark.parametrize("word", ["", "a", WORD[:-1], WORD + "x", WORD.upper(), "é" * 28])
async def test_without_the_citys_word_the_address_is_nobodys(word: str) -> None:
    line = Line()
    with pytest.raises(Refusal) as refused:
        await line.post(tencent(), word)
    assert refused.value.status == 404
    assert line.router.signed == {}


@pytest.mark.parametrize("environment", [{}, {"CHANNEL_HARBOUR_CALLBACK": "short"}, {"CALLBACK": WORD}])
async def test_a_word_that_is_unset_or_could_be_guessed_opens_nothing(environment: dict[str, str]) -> None:
    line = Line(environment)
    for word in ("", "short", WORD):
        with pytest.raises(Refusal):
            await line.post(tencent(), word)


async def test_who_is_not_in_the_pack_any_more_signs_nothing() -> None:
    line = Line()
    line.directory.people.clear()
    await line.post(tencent())
    assert line.router.signed == {}


async def test_a_press_is_posted_again_while_the_router_is_away_and_not_when_somebody_was_faster() -> None:
    line = Line()
    line.router.refuses = unavailable("away")
    with pytest.raises(Refusal) as refused:
        await line.post(tencent())
    assert refused.value.status == 503
    line.router.refuses = conflict("state", "taken")
    assert (await line.post(tencent())).body == TAKEN
    line.router.refuses = None
    await line.post(tencent())
    assert line.router.signed == SIGNED


async def test_an_address_that_posts_without_end_is_slowed_down() -> None:
    line = Line()
    with pytest.raises(Refusal) as refused:
        for _ in range(int(AT_ONCE) * 3):
            await line.post([])
    assert refused.value.status == 429


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("call_id", "dtmf", "voicekey_callback", "callid", "keypress")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode())))
def test_whatever_is_posted_is_read_or_left(raw: bytes) -> None:
    assert all(isinstance(press, KeyPress) and press.call for press in presses(raw))


def test_many_reports_in_one_post_are_bounded() -> None:
    assert len(presses(json.dumps(alibaba() * 1000).encode())) == 100


async def test_a_press_that_comes_a_day_after_its_alert_signs_nothing() -> None:
    """B120: a callback that was kept back signed for what happened to the case since."""
    line = Line()
    line.clock.move_to(DANGER.at + timedelta(days=1))
    assert (await line.post(alibaba())).body == TAKEN
    assert line.router.signed == {}
    line.clock.move_to(DANGER.at + timedelta(days=1) - timedelta(seconds=1))
    await line.post(alibaba())
    assert line.router.signed == SIGNED
