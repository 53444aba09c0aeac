"""What the notifier asks router and intake in a person's name, and how their answers are understood."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from services.notifier.http.photo_client import PhotoClient
from services.notifier.http.router_client import RouterClient
from shared.kernel.errors import Refusal
from shared.runtime.settings import Settings
from tests.kit.made_alerts import ALERT
from tests.kit.made_case_answers import case

Answer = Callable[[httpx.Request], httpx.Response]
SHOWN = msgspec.json.encode(case("claimed"))


class Service:
    """Answers as told, and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer

    @property
    def transport(self) -> httpx.MockTransport:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return self._answer(request)

        return httpx.MockTransport(handle)


def router(answer: Answer) -> tuple[RouterClient, Service]:
    service = Service(answer)
    return RouterClient(Settings(), httpx.BasicAuth("a", "b"), service.transport), service


def intake(answer: Answer) -> tuple[PhotoClient, Service]:
    service = Service(answer)
    return PhotoClient(Settings(), httpx.BasicAuth("a", "b"), service.transport), service


def away(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("away")


async def press(client: RouterClient, **more: Any) -> Any:
    return await client.command(ALERT, "close", key="k1", person="qs-desk", body={}, **more)


async def test_a_command_is_sent_in_the_persons_name_under_its_key_for_the_version_shown() -> None:
    client, service = router(lambda _: httpx.Response(200, content=SHOWN, headers={"etag": '"8"'}))
    seen = await press(client, if_match="7")
    assert (seen.case.state, seen.version) == ("claimed", "8")
    sent = service.asked[0]
    assert sent.url.path == "/v1/cases/c1/close"
    told = {name: sent.headers[name] for name in ("idempotency-key", "whistle-city", "whistle-person", "if-match")}
    assert told == {
        "idempotency-key": "k1",
        "whistle-city": "harbour",
        "whistle-person": "qs-desk",
        "if-match": '"7"',
    }


async def test_a_repeated_answer_tells_of_before_and_is_not_taken_for_now() -> None:
    headers = {"etag": '"8"', "idempotent-replayed": "true"}
    client, _ = router(lambda _: httpx.Response(200, content=SHOWN, headers=headers))
    assert await press(client) is None


async def test_a_refusal_comes_with_its_reason_and_fields() -> None:
    problem = {
        "type": "urn:whistle:problem:not-open",
        "detail": "Somebody has it already.",
        "reason": "taken",
        "state": "claimed",
        "commands": ["note"],
        "errors": [{"pointer": "/text", "detail": "is required"}],
    }
    client, _ = router(lambda _: httpx.Response(409, json=problem))
    with pytest.raises(Refusal) as refusal:
        await press(client)
    found = refusal.value
    assert (found.status, found.kind, found.errors[0].pointer) == (409, "not-open", "/text")
    assert found.extra == {"reason": "taken", "state": "claimed", "commands": ["note"]}


@pytest.mark.parametrize(
    "answer",
    [away, lambda _: httpx.Response(500), lambda _: httpx.Response(503), lambda _: httpx.Response(401)],
    ids=["away", "500", "503", "401"],
)
async def test_what_was_not_recorded_is_a_503(answer: Answer) -> None:
    client, _ = router(answer)
    photos, _ = intake(answer)
    for asked in (
        press(client),
        client.case(ALERT, "qs-desk"),
        photos.send(ALERT, b"x", key="k"),
        photos.thumb(ALERT, "f"),
    ):
        with pytest.raises(Refusal) as refusal:
            await asked
        assert refusal.value.status == 503


@pytest.mark.parametrize(("status", "seen"), [(200, True), (403, False), (404, False)])
async def test_a_case_is_seen_or_not(status: int, seen: bool) -> None:
    client, _ = router(lambda _: httpx.Response(status, content=SHOWN, headers={"etag": '"8"'}))
    assert (await client.case(ALERT, "qs-desk") is not None) == seen


async def test_a_photo_is_sent_once_for_its_bytes_and_asked_for_small() -> None:
    photos, service = intake(lambda r: httpx.Response(201, json={"id": "f2"}) if r.method == "POST" else small())
    assert [await photos.send(ALERT, content, key="k") for content in (b"one", b"one", b"two")] == ["f2"] * 3
    keys = [request.headers["idempotency-key"] for request in service.asked]
    assert keys[0] == keys[1] != keys[2]
    assert await photos.thumb(ALERT, "f2") == b"small"
    assert service.asked[-1].url.params["size"] == "thumb"
    assert service.asked[-1].headers["whistle-person"] == "qs-desk"


def small() -> httpx.Response:
    return httpx.Response(200, content=b"small")


async def test_a_photo_that_is_not_clean_is_not_there() -> None:
    photos, _ = intake(lambda _: httpx.Response(404, json={"type": "x:not-clean-yet"}))
    assert await photos.thumb(ALERT, "f2") is None


async def test_a_picture_that_intake_refuses_says_why() -> None:
    photos, _ = intake(lambda _: httpx.Response(415, json={"type": "x:unsupported-media"}))
    with pytest.raises(Refusal) as refusal:
        await photos.send(ALERT, b"text", key="k")
    assert (refusal.value.status, refusal.value.kind) == (415, "unsupported-media")
