"""Promise: `dead replay` says what became of the message, within a bounded time, and fails unless it was handled."""

import json
from collections.abc import Iterator

import httpx
import pytest

from deploy.cli.api import Api, Failed
from deploy.cli.parked import OUTCOME_WITHIN_S, decide, listed, outcomes
from deploy.local.ops_token import OpsToken

URLS = {"intake": "http://intake", "router": "http://router", "notifier": "http://notifier"}
LETTER = {
    "id": "g:reports:3:7:1", "group": "g", "topic": "whistle.reports", "reason": "bad", "state": "parked",
    "parked_at": "2026-11-23T00:00:00Z",
}  # fmt: skip


def router(*became: dict[str, str]) -> Api:
    """Has one letter; asked after the replay it says ``became``, one after the other, the last for ever."""
    answers: Iterator[dict[str, str]] = iter(became)
    last = {"outcome": "waiting"}
    replayed = False

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal last, replayed
        if request.url.path == "/v1/cities":
            return httpx.Response(200, json={"items": [{"city": "harbour", "timezone": "Asia/Shanghai"}]})
        if request.url.host != "router":
            empty = request.url.path == "/v1/dead-letters"
            return httpx.Response(200, json={"items": []}) if empty else httpx.Response(404, json={"detail": "none"})
        if request.url.path == "/v1/dead-letters":
            return httpx.Response(200, json={"items": [{**LETTER, "first": "g:reports:3:1:1"}]})
        if request.method == "POST":
            replayed = True
            return httpx.Response(200, json=LETTER)
        if not replayed:
            return httpx.Response(200, json=LETTER)
        last = next(answers, last)
        return httpx.Response(200, json={**LETTER, "state": "replayed", **last})

    return Api(httpx.Client(transport=httpx.MockTransport(answer)), URLS, OpsToken("x"))


def test_a_replay_waits_until_the_message_is_handled(capsys: pytest.CaptureFixture[str]) -> None:
    api = router({"outcome": "waiting"}, {"outcome": "handled"})
    decide(api, "replay", LETTER["id"], False, False, False)
    assert capsys.readouterr().out.strip().endswith(": handled")


def test_a_message_that_parks_again_is_named_by_its_new_id_and_the_command_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Failed, match="not all were handled"):
        decide(router({"outcome": "parked", "again": "g:reports:3:9:2"}), "replay", None, True, False, True)
    (one,) = json.loads(capsys.readouterr().out)["items"]
    assert (one["id"], one["outcome"], one["again"]) == (LETTER["id"], "parked", "g:reports:3:9:2")


def test_waiting_for_the_outcome_is_bounded() -> None:
    passed = [0.0]

    def wait(seconds: float) -> None:
        passed[0] += seconds

    replayed = [{"service": "router", "id": LETTER["id"], "reason": "bad"}]
    api = router()
    api.post("router", f"/v1/dead-letters/{LETTER['id']}/replay")
    (one,) = outcomes(api, replayed, lambda: passed[0], wait)
    assert one["outcome"] == "waiting"
    assert passed[0] == pytest.approx(OUTCOME_WITHIN_S, abs=1)


def test_a_list_links_what_parked_again_to_its_first_and_says_the_zone(capsys: pytest.CaptureFixture[str]) -> None:
    listed(router(), False)
    words = capsys.readouterr().out
    assert "times are Asia/Shanghai" in words and "2026-11-23 08:00:00" in words
    assert "parked first as g:reports:3:1:1" in words
