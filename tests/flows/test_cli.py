"""Promise: what operators ask of a running stack, the command line answers: place, story, clocks, parked messages."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from tests.kit.command_line import whistle
from tests.kit.dead_letters import parked, publish
from tests.kit.stack import HARBOUR, Person, RunningStack, until

QUAY = {"lon": 4.321, "lat": 52.121, "crs": "wgs84"}


def as_json(stack: RunningStack, *command: str) -> Any:
    return json.loads(whistle(stack, *command, "--json"))


@pytest.fixture(scope="module")
def report(stack: RunningStack) -> str:
    """A report that has a case, and whose desk has been told."""
    rider = stack.rider("harbour")
    id_: str = rider.report("burst pipe at Fish Quay 2", QUAY).json()["id"]
    stack.case_of(id_, rider)
    case = f"c{id_[1:]}"
    until(lambda: stack.ops.get("notifier", "/v1/alerts", case=case).json()["items"], what="an alert")
    return id_


@pytest.fixture(scope="module")
def case(report: str) -> str:
    return f"c{report[1:]}"


def test_locate_says_which_unit_and_why(stack: RunningStack) -> None:
    told = as_json(stack, "locate", "4.321", "52.121", "--city", "harbour")
    assert (told["unit"]["id"], told["by"]) == ("quayside", "area")
    words = whistle(stack, "locate", "--text", "the lamp at Fish Quay 2", "--city", "harbour")
    assert words.startswith("Quayside (quayside, district)")
    assert "because the words name Fish Quay" in words
    assert "loaded: harbour, sheyang" in whistle(stack, "locate", "4.321", "52.121", fails=True)


def test_trace_tells_the_same_story_of_report_case_and_event(stack: RunningStack, report: str, case: str) -> None:
    told = as_json(stack, "trace", report)
    assert (told["report"], told["case"]) == (report, case)
    kept = {(item["service"], item["id"].partition(".")[0]) for item in told["items"]}
    assert {("intake", report), ("router", case)} <= kept
    assert any(item["service"] == "notifier" and "quayside" in item["detail"] for item in told["items"])
    times = [item["at"] for item in told["items"]]
    assert times == sorted(times)
    ids = {item["id"] for item in told["items"]}
    assert {item["id"] for item in as_json(stack, "trace", case)["items"]} == ids
    event = as_json(stack, "trace", f"{case}.1.0")
    assert [item["id"] for item in event["items"] if item["mark"]] == [f"{case}.1.0"]
    assert f"trace of {report}" in whistle(stack, "trace", report)


def test_explain_gives_each_clock_with_its_arithmetic(stack: RunningStack, case: str) -> None:
    told = as_json(stack, "explain", case)
    assert [clock["kind"] for clock in told["clocks"]] == ["acknowledge", "on_site", "resolve"]
    first = told["clocks"][0]
    assert (first["commitment"]["class"], first["target"], first["worked_seconds"]) == ("danger", "PT5M", 300.0)
    assert [(rung["act"], rung["unit"]["id"]) for rung in first["rungs"]] == [
        ("move_to", "oosterhaven"),
    ]
    words = whistle(stack, "explain", case)
    assert "way      Oosterhaven > Quayside" in words
    assert "+ PT5M → " in words
    assert "calendar   always: every minute counts" in words
    assert "because  the point lies in Quayside (quayside)" in words


def test_explain_tells_a_working_calendar(stack: RunningStack) -> None:
    rider = stack.rider("harbour")
    id_ = rider.report("something is odd", QUAY, category="other").json()["id"]
    stack.case_of(id_, rider)
    words = whistle(stack, "explain", f"c{id_[1:]}")
    assert "of working time)" in words
    assert "calendar   office: hours 08:30-17:00" in words


def test_explain_is_the_officers_too_and_of_nobody_elses(stack: RunningStack, case: str) -> None:
    path = f"/v1/cases/{case}/explain"
    assert stack.person("qs-desk").get("router", path).json()["unit"]["id"] == "quayside"
    assert stack.person("mf-desk").get("router", path).status_code == 404
    assert stack.rider("harbour").get("router", path).status_code == 403


def test_what_nobody_knows_is_said(stack: RunningStack) -> None:
    for command in (["trace", "rnone"], ["trace", "cnone.1.0"], ["explain", "cnone"], ["dead", "show", "none"]):
        assert whistle(stack, *command, fails=True).startswith("✗ ")


def test_a_parked_message_is_listed_shown_replayed_and_dropped(stack: RunningStack) -> None:
    mark = uuid.uuid4().hex
    asyncio.run(publish(stack, (b"no event", {"mark": mark})))
    id_ = until(lambda: parked(stack.ops, mark), what="a parked message")["id"]
    assert id_ in {item["id"] for item in as_json(stack, "dead", "list")["items"]}
    assert mark in whistle(stack, "dead", "show", id_)
    assert "would drop" in whistle(stack, "dead", "drop", id_, "--dry-run")
    assert "not all were handled" in whistle(stack, "dead", "replay", id_, fails=True)
    assert f"{id_} was replayed already" in whistle(stack, "dead", "drop", id_, fails=True)
    again = as_json(stack, "dead", "show", id_)["again"]
    assert as_json(stack, "dead", "show", again)["first"] == id_
    assert f"parked first as {id_}" in whistle(stack, "dead", "list")
    whistle(stack, "dead", "drop", again)
    assert not {id_, again} & {item["id"] for item in as_json(stack, "dead", "list")["items"]}


def test_a_replay_changes_nothing_that_was_done(stack: RunningStack, case: str) -> None:
    before = stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()["version"]
    counted = as_json(stack, "replay", "--since", "PT1H", "--dry-run")["events"]
    assert counted["intake"] >= 1
    assert counted["router"] >= 1
    told = as_json(stack, "replay", "--since", "PT1H")
    assert all(told["events"][name] >= count for name, count in counted.items())
    assert "events published again" in whistle(stack, "replay", "--since", "PT1S")
    assert stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()["version"] == before


def test_a_new_key_opens_its_city(stack: RunningStack) -> None:
    told = as_json(stack, "key", "new", "--app", "courier", "--role", "rider_app", "--city", "harbour")
    headers = {"authorization": f"Bearer {told['key']}"}
    answer = stack.http.get(f"{stack.urls['intake']}/v1/me", headers=headers)
    assert (answer.json()["app"], answer.json()["city"]) == ("courier", "harbour")
    assert "which city?" in whistle(stack, "key", "new", "--app", "a", "--role", "ops", fails=True)
    refused = whistle(stack, "key", "new", "--app", "a", "--role", "ops", "--city", "atlantis", fails=True)
    assert "/city is not loaded" in refused


def test_a_key_is_listed_by_its_role_and_revoked_by_its_name(stack: RunningStack) -> None:
    key = as_json(stack, "key", "new", "--app", "short-lived", "--role", "importer", "--city", "harbour")["key"]
    of_role = as_json(stack, "key", "list", "--city", "harbour", "--role", "importer")
    assert "short-lived" in {one["name"] for one in of_role}
    assert {one["role"] for one in of_role} == {"importer"}
    assert "revoked: 1" in whistle(stack, "key", "revoke", "short-lived", "--city", "harbour")
    assert "no key that holds" in whistle(stack, "key", "revoke", "short-lived", "--city", "harbour", fails=True)
    until(lambda: Person(stack, key).get("router", "/v1/me").status_code == 401, within=5, what="401")
    assert whistle(stack, "key", "ops").strip() == stack.ops.token


def test_the_clock_takes_a_duration(stack: RunningStack) -> None:
    ahead = as_json(stack, "clock", "forward", "PT0S")["shifted_seconds"]
    assert ahead == pytest.approx(stack.shift().total_seconds(), abs=5)
    said = whistle(stack, "clock", "forward", "PT0S")
    assert f"{abs(ahead):.0f} s {'behind' if ahead < 0 else 'ahead'}" in said
    assert "is not a duration" in whistle(stack, "clock", "forward", "soon", fails=True)


def test_loading_a_pack_again_is_the_same_version(stack: RunningStack) -> None:
    first = as_json(stack, "city", "load", str(HARBOUR))
    assert as_json(stack, "city", "load", str(HARBOUR))["version"] == first["version"]
    assert "harbour version" in whistle(stack, "city", "load", str(HARBOUR))
    assert "the file is missing" in whistle(stack, "city", "load", str(stack.data / "logs"), fails=True)


def test_a_trace_is_found_by_alert_event_and_trace(stack: RunningStack, report: str, case: str) -> None:
    alert = stack.ops.get("notifier", "/v1/alerts", case=case).json()["items"][0]["id"]
    parent = stack.ops.get("router", f"/v1/trace/{case}").json()["items"][0]["trace"]
    for id_ in (alert, f"{alert}.1.0", parent, parent.split("-")[1]):
        story = as_json(stack, "trace", id_)
        assert (story["report"], story["case"]) == (report, case)
        assert (story["timezone"], story["missing"]) == ("Europe/Amsterdam", {})
    assert "times are Europe/Amsterdam" in whistle(stack, "trace", case)


def test_a_telephones_last_four_find_its_reports(stack: RunningStack) -> None:
    rider = stack.rider("harbour")
    who = {"ref": uuid.uuid4().hex, "phone": "13800004711"}
    id_ = rider.report("a lamp", QUAY, reporter=who).json()["id"]
    stack.case_of(id_, rider)
    told = as_json(stack, "trace", "4711")
    assert told.get("report") == id_ or id_ in {one["report"] for one in told["reports"]}
