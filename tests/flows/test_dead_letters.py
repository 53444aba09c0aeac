"""Promise: a bad record among good ones is parked, shown and replayed; the good ones go through."""

import asyncio
import uuid
from functools import partial

from shared.city.reading import read_folder, read_pack
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.reports import Place, ReportSubmitted
from shared.kernel.ids import plain_id
from tests.kit.dead_letters import parked, publish
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, RunningStack, until


def submitted(stack: RunningStack, pack_version: str) -> tuple[str, tuple[bytes, dict[str, str]]]:
    """A report id, and its event as another intake would have sent it."""
    report = plain_id("r", uuid.uuid4().hex)
    now = stack.now()
    data = ReportSubmitted(
        report=report, app="rider-app", kind="hazard", description="lamp", received_at=now, cell="harbour:1:1",
        place=Place(lon=QUAY["lon"], lat=QUAY["lat"], crs="wgs84"), pack_version=pack_version,
    )  # fmt: skip
    event = Envelope(
        id=f"{report}.1.0", type="report.submitted.v1", topic="reports", key="same", subject=report, city="harbour",
        sequence=1, time=now, data=encode(data),
    )  # fmt: skip
    return report, (event.data.encode(), to_headers(event, "/whistle/intake"))


def has_case(stack: RunningStack, report: str) -> bool:
    return stack.ops.get("router", f"/v1/cases/c{report[1:]}", city="harbour").status_code == 200


def test_a_bad_record_is_parked_and_its_neighbours_go_through(stack: RunningStack) -> None:
    version = read_pack(read_folder(HARBOUR)).version
    before, first = submitted(stack, version)
    after, last = submitted(stack, version)
    marks = [uuid.uuid4().hex for _ in range(6)]
    good = first[1]
    bad: list[tuple[bytes | None, dict[str, str]]] = [
        (b"no event", {"mark": marks[0]}),
        (b'{"description": "a lamp', {**good, "ce_id": marks[1]}),
        (b"null", {**good, "ce_id": marks[2]}),
        (first[0], {**good, "ce_type": f"report.{marks[3]}.v9"}),
        (None, {**good, "ce_id": marks[4]}),
        (b"[]", {**good, "ce_sequence": marks[5]}),
    ]
    asyncio.run(publish(stack, first, *bad, last))
    until(lambda: has_case(stack, before) and has_case(stack, after), what="the good records' cases")
    for mark in marks:
        until(partial(parked, stack.ops, mark), what=f"the record {mark} parked")
    shown = parked(stack.ops, marks[1])
    assert shown is not None and (shown["value"], shown["withheld"]) == ("", "content")
    dry = stack.ops.post_to("router", f"/v1/dead-letters/{shown['id']}/replay", {"dry_run": True}).json()
    assert "does not fit" in dry["unreadable"], "a dry run tells that it would park again"


def test_nobody_reads_the_words_of_a_parked_record(stack: RunningStack) -> None:
    report, (value, headers) = submitted(stack, "0" * 64)
    asyncio.run(publish(stack, (value, headers)))
    letter = until(lambda: parked(stack.ops, report), what="the record parked")
    assert b"lamp" in value and "lamp" not in letter["value"]
    assert letter["withheld"] == "words" and report in letter["value"]


def test_a_parked_record_is_replayed_once_its_cause_is_gone(stack: RunningStack) -> None:
    files = read_folder(HARBOUR)
    changed = {**files, "units.yaml": files["units.yaml"].replace("name: Millfield", "name: Millfields")}
    report, event = submitted(stack, read_pack(changed).version)
    asyncio.run(publish(stack, event))
    letter = until(lambda: parked(stack.ops, report), what="the record parked")
    assert "pack" in letter["reason"]
    try:
        loaded = stack.ops.post_to("router", "/v1/cities", {"files": changed})
        assert loaded.status_code == 200, loaded.text
        dry = stack.ops.post_to("router", f"/v1/dead-letters/{letter['id']}/replay", {"dry_run": True})
        assert dry.status_code == 200 and "unreadable" not in dry.json()
        assert parked(stack.ops, report), "a dry run changes nothing"
        assert stack.ops.post_to("router", f"/v1/dead-letters/{letter['id']}/replay").status_code == 200
        until(lambda: has_case(stack, report), what="the replayed record's case")
        assert parked(stack.ops, report) is None
    finally:
        assert stack.ops.post_to("router", "/v1/cities", {"files": files}).status_code == 200


def test_replaying_stored_events_changes_nothing(stack: RunningStack) -> None:
    rider = stack.rider()
    report = rider.report("lamp", QUAY).json()
    case = stack.case_of(report["id"], rider)["case"]["id"]
    until(lambda: stack.ops.get("notifier", "/v1/alerts", case=case).json()["items"], what="the alerts")
    alerts = stack.ops.get("notifier", "/v1/alerts", case=case).json()["items"]
    version = stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()["version"]
    since = stack.ops.get("intake", f"/v1/trace/{report['id']}").json()["items"][0]["stored_at"]
    for service in ("intake", "router"):
        answer = stack.ops.post_to(service, "/v1/replay", {"since": since})
        assert answer.status_code == 200
        assert answer.json()["events"] >= 1
    later = rider.report("a later lamp", QUAY).json()["id"]
    stack.case_of(later, rider)
    assert stack.ops.get("notifier", "/v1/alerts", case=case).json()["items"] == alerts
    assert stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()["version"] == version


def test_a_trace_shows_every_event_of_a_report_and_its_case(stack: RunningStack) -> None:
    rider = stack.rider()
    report = rider.report("lamp", QUAY).json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]
    events = stack.ops.get("intake", f"/v1/trace/{report}").json()["items"]
    assert [event["type"] for event in events] == ["report.submitted.v1"]
    of_case = stack.ops.get("router", f"/v1/trace/{case}").json()["items"]
    assert [event["type"] for event in of_case] == ["case.opened.v1"]
    assert of_case[0]["trace"] == events[0]["trace"], "one trace from the request to the case"
    assert events[0]["data"]["description"] == "", "operators read no words in a trace"
