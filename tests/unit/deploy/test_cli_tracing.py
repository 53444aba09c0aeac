"""Promise: a trace shows what answers, names what does not, and charges each delay to the service that made it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.cli.api import Api, Failed
from deploy.cli.story.log_lines import lines_with
from deploy.cli.tracing import trace
from deploy.local.ops_token import OpsToken

CASE = "c" + "a" * 26
REPORT = f"r{CASE[1:]}"
ALERT, DELIVERY = "a" + "b" * 26, "d" + "b" * 26
TRACE = "1" * 32
REPORTED = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
URLS = {"intake": "http://intake", "router": "http://router", "notifier": "http://notifier"}


def event(id_: str, type_: str, after: float, **data: object) -> dict[str, Any]:
    """Stored so many seconds after the report; like a case's first event it has the report's time."""
    stored = REPORTED + timedelta(seconds=after)
    return {
        "id": id_, "type": type_, "subject": id_.partition(".")[0], "city": "harbour", "sequence": 1,
        "time": REPORTED.isoformat(), "stored_at": stored.isoformat(), "trace": f"00-{TRACE}-{'2' * 16}-01",
        "data": data,
    }  # fmt: skip


SUBMITTED = event(f"{REPORT}.1.0", "report.submitted.v1", 0)
OPENED = event(f"{CASE}.1.0", "case.opened.v1", 31)
SENT = event(f"{ALERT}.1.0", "alert.sent.v1", 31.04, case=CASE)
ALERTS = [
    {
        "id": ALERT, "at": (REPORTED + timedelta(seconds=31.04)).isoformat(), "title": "新工单", "kind": "new",
        "recipient": "qs-desk", "unit": "quayside", "channel": "inbox", "channels": [], "state": "sent",
        "because": OPENED["id"], "event_at": REPORTED.isoformat(),
    }
]  # fmt: skip
DELIVERIES = [
    {
        "id": DELIVERY, "type": "case.opened", "event": OPENED["id"], "case": CASE, "webhook": "w1",
        "state": "delivered", "attempts": 1, "made_at": (REPORTED + timedelta(seconds=31.1)).isoformat(),
        "last_at": (REPORTED + timedelta(seconds=31.2)).isoformat(), "last_outcome": "delivered", "last_status": 200,
    }
]  # fmt: skip
ANSWERS: Mapping[str, object] = {
    f"intake/v1/trace/{REPORT}": {"items": [SUBMITTED]},
    f"intake/v1/trace/{TRACE}": {"items": [SUBMITTED]},
    f"router/v1/trace/{CASE}": {"items": [OPENED]},
    f"router/v1/trace/{OPENED['id']}": {"items": [OPENED]},
    f"notifier/v1/trace/{CASE}": {"items": [SENT]},
    f"notifier/v1/trace/{ALERT}": {"items": [SENT]},
    f"notifier/v1/trace/{DELIVERY}": {"items": [], "about": CASE},
    f"intake/v1/reports/{REPORT}": {"case": {"id": CASE}},
    "notifier/v1/alerts": {"items": ALERTS},
    "notifier/v1/deliveries": {"items": DELIVERIES},
    "router/v1/cities": {"items": [{"city": "harbour", "timezone": "Asia/Shanghai"}]},
}


def installation(away: str = "", found: int = 1) -> Api:
    """Answers as the three services do; ``away`` does not; ``found`` reports are of the telephone."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == away:
            raise httpx.ConnectTimeout("timed out", request=request)
        if request.url.path == "/v1/me":
            return httpx.Response(200, json={"now": datetime.now(UTC).isoformat()})
        if request.url.path == "/v1/reporters:find":
            one = {"report": REPORT, "city": "harbour", "app": "rider-app", "received_at": REPORTED.isoformat()}
            return httpx.Response(200, json={"items": [one] * found, "searched": 7})
        told = ANSWERS.get(request.url.host + request.url.path)
        if request.url.params.get("case", CASE) != CASE:
            told = {"items": []}
        if told is None and "/trace/" not in request.url.path:
            return httpx.Response(404, json={"detail": "There is no such thing."})
        return httpx.Response(200, json=told or {"items": []})

    return Api(httpx.Client(transport=httpx.MockTransport(answer)), URLS, OpsToken("x"))


def told(capsys: pytest.CaptureFixture[str], id_: str, data: Path, api: Api | None = None) -> dict[str, Any]:
    trace(api or installation(), id_, data, True)
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_a_frozen_router_is_shown_as_the_routers_time(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    took = {item["id"]: (item["service"], item["took"]) for item in told(capsys, REPORT, tmp_path)["items"]}
    assert took[f"{CASE}.1.0"] == ("router", pytest.approx(31))
    assert took[ALERT] == ("notifier", pytest.approx(0.04))
    assert took[DELIVERY] == ("notifier", pytest.approx(0.1))
    assert took[f"{REPORT}.1.0"] == ("intake", None)


@pytest.mark.parametrize(
    "id_", [REPORT, CASE, ALERT, DELIVERY, f"{CASE}.1.0", TRACE, f"00-{TRACE}-{'2' * 16}-01", "5678"]
)
def test_one_story_by_every_id(capsys: pytest.CaptureFixture[str], tmp_path: Path, id_: str) -> None:
    story = told(capsys, id_, tmp_path)
    assert (story["report"], story["case"]) == (REPORT, CASE)
    assert [item["id"] for item in story["items"]] == [f"{REPORT}.1.0", f"{CASE}.1.0", ALERT, DELIVERY]
    marked = [item["id"] for item in story["items"] if item["mark"]]
    assert marked == ([id_] if id_ in (ALERT, DELIVERY, f"{CASE}.1.0") else [])


@pytest.mark.parametrize("away", list(URLS))
def test_what_answers_is_shown_and_what_does_not_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, away: str
) -> None:
    story = told(capsys, REPORT, tmp_path, installation(away))
    assert list(story["missing"]) == [away]
    assert story["items"]
    assert {item["service"] for item in story["items"]} == set(URLS) - {away}
    trace(installation(away), REPORT, tmp_path, False)
    assert f"without {away}, which did not answer" in capsys.readouterr().out


def test_all_times_are_the_citys_and_the_head_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    trace(installation(), CASE, tmp_path, False)
    words = capsys.readouterr().out
    assert "times are Asia/Shanghai" in words.splitlines()[1]
    assert "11-23 08:00:31.040" in words and "00:00:31" not in words


def test_several_reports_of_a_telephone_are_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    trace(installation(found=2), "5678", tmp_path, False)
    assert capsys.readouterr().out.count(REPORT) == 2
    with pytest.raises(Failed, match="none of the 7 reporters who were seen last"):
        trace(installation(found=0), "5678", tmp_path, False)


@pytest.mark.parametrize("id_", ["", " ", "r" + "z" * 26, "nonsense", "a" + "c" * 26, "c1.1.0", "3" * 32])
def test_what_nobody_knows_is_said(tmp_path: Path, id_: str) -> None:
    with pytest.raises(Failed):
        trace(installation(), id_, tmp_path, False)


def test_the_trace_of_a_refusal_is_found_in_the_logs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    refused = {"event": "http.refused", "trace": f"00-{'3' * 32}-{'4' * 16}-01", "status": 409, "case": CASE}
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "router.log").write_text(f'not json {"3" * 32}\n{json.dumps(refused)}\n{{"event": "other"}}\n')
    assert lines_with(tmp_path, "3" * 32) == [{"service": "router", **refused}]
    story = told(capsys, "3" * 32, tmp_path)
    assert story["case"] == CASE
    assert story["log"][0]["status"] == 409
