"""Promises of the duty: a case from claim to close, who may do what, and what is refused with a reason."""

import concurrent.futures
import uuid
from datetime import datetime

from tests.kit.cases_on_stack import clock, desk, done, opened, walker
from tests.kit.refusals import problem
from tests.kit.stack import RunningStack, until


def test_the_whole_life_of_a_case(stack: RunningStack) -> None:
    report, case = opened(stack)
    officer, member, rider = desk(stack), walker(stack), stack.rider()
    claimed = done(officer.command(case, "claim"), "claimed")
    assert clock(claimed, "acknowledge")["state"] == "met", "one press acknowledges too"
    done(member.command(case, "on_site"), "on_site")
    done(member.command(case, "start"), "in_progress")
    resolved = done(member.command(case, "resolve", {"how": "repair", "text": "new bulb"}), "resolved")
    assert clock(resolved, "resolve")["state"] == "met"
    assert "close" not in officer.get("router", f"/v1/cases/{case}").json()["commands"]
    refused = problem(member.command(case, "inspect", {"ok": True}), 409)
    assert "resolved it" in refused["detail"]
    done(officer.command(case, "inspect", {"ok": True}), "resolved")
    done(officer.command(case, "close"), "closed")
    until(lambda: rider.get("intake", f"/v1/reports/{report}").json()["status"] == "closed", what="the rider's view")
    rated = rider.post_to("intake", f"/v1/reports/{report}/rating", {"score": 3, "text": "thanks"})
    assert rated.status_code == 200, rated.text
    until(lambda: officer.get("router", f"/v1/cases/{case}").json()["rating"] == 3, what="the rating on the case")
    history = officer.get("router", f"/v1/cases/{case}/history").json()["items"]
    told = [entry["what"] for entry in history]
    assert told == [
        "case.opened", "case.claimed", "case.on_site", "case.started", "case.resolved", "case.inspected",
        "case.closed", "case.rated",
    ]  # fmt: skip
    steps = [step["what"] for step in rider.get("intake", f"/v1/reports/{report}").json()["steps"]]
    assert steps[0] == "report.received"
    assert steps[-1] == "case.closed"


def test_two_officers_press_at_once_and_one_has_it(stack: RunningStack) -> None:
    _, case = opened(stack)
    people = [desk(stack), walker(stack)] * 4
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda person: person.command(case, "claim"), people))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["state"] == "claimed"
    assert "claim" not in refused["commands"]
    assert "note" in refused["commands"]


def test_a_command_repeated_under_its_key_is_done_once_and_answered_alike(stack: RunningStack) -> None:
    _, case = opened(stack)
    officer, key = desk(stack), uuid.uuid4().hex
    first = officer.command(case, "note", {"text": "looked"}, key=key)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda _: officer.command(case, "note", {"text": "looked"}, key=key), range(8)))
    assert {answer.text for answer in again} == {first.text}
    assert {answer.headers["idempotent-replayed"] for answer in again} == {"true"}
    notes = [e for e in officer.get("router", f"/v1/cases/{case}").json()["history"] if e["what"] == "case.noted"]
    assert len(notes) == 1
    assert problem(officer.command(case, "note", {"text": "other"}, key=key), 422)["type"].endswith("key-reused")


def test_a_refusal_is_repeated_under_its_key_too(stack: RunningStack) -> None:
    _, case = opened(stack)
    officer, key = desk(stack), uuid.uuid4().hex
    first = problem(officer.command(case, "resolve", {"how": "repair", "text": "x"}, key=key), 409)
    done(officer.command(case, "claim"), "claimed")
    again = officer.command(case, "resolve", {"how": "repair", "text": "x"}, key=key)
    assert problem(again, 409)["detail"] == first["detail"]
    assert again.headers["idempotent-replayed"] == "true"


def test_if_match_refuses_what_was_decided_on_an_old_page(stack: RunningStack) -> None:
    _, case = opened(stack)
    officer = desk(stack)
    read = officer.get("router", f"/v1/cases/{case}")
    done(walker(stack).command(case, "note", {"text": "on my way"}), "queued")
    problem(officer.command(case, "claim", if_match=read.headers["etag"]), 412)
    fresh = officer.get("router", f"/v1/cases/{case}").headers["etag"]
    claimed = officer.command(case, "claim", if_match=fresh)
    done(claimed, "claimed")
    assert claimed.headers["etag"] not in (fresh, read.headers["etag"])


def test_acknowledging_again_changes_nothing(stack: RunningStack) -> None:
    _, case = opened(stack)
    first = done(desk(stack).command(case, "acknowledge"), "acknowledged")
    again = done(walker(stack).command(case, "acknowledge"), "acknowledged")
    assert again["version"] == first["version"]


def test_release_needs_no_reason_at_once(stack: RunningStack) -> None:
    _, case = opened(stack)
    done(desk(stack).command(case, "claim"), "claimed")
    done(desk(stack).command(case, "release"), "acknowledged")


def test_the_first_receiver_stays_responsible_until_another_accepts(stack: RunningStack) -> None:
    _, case = opened(stack)
    officer, other = desk(stack), stack.people("millfield")[0]
    assert other.get("router", f"/v1/cases/{case}").status_code == 404
    offered = done(officer.command(case, "transfer", {"to": "millfield", "reason": "theirs"}), "queued")
    assert offered["unit"] == "quayside"
    assert offered["offered_to"] == "millfield"
    assert case in [row["id"] for row in other.queue("millfield")]
    refused = done(other.command(case, "refuse", {"reason": "not ours"}), "queued")
    assert refused["offered_to"] is None
    done(officer.command(case, "transfer", {"to": "millfield", "reason": "look again"}), "queued")
    accepted = done(other.command(case, "accept"), "acknowledged")
    assert accepted["unit"] == "millfield"
    assert clock(accepted, "resolve")["due_at"] == clock(offered, "resolve")["due_at"], "the clocks go on"
    assert officer.get("router", f"/v1/cases/{case}").status_code == 404
    in_queues = [
        unit
        for unit in ("oosterhaven", "quayside", "millfield")
        if case in [row["id"] for row in stack.ops.queue(unit, city="harbour")]
    ]
    assert in_queues == ["millfield"], "exactly one queue owns a case"


def test_a_return_is_reviewed_one_level_up_and_names_what_is_wrong_with_it(stack: RunningStack) -> None:
    _, case = opened(stack)
    named = problem(desk(stack).command(case, "return", {"reason": "too big", "basis": "too big"}), 422)
    assert [error["pointer"] for error in named["errors"]] == ["/reason"]
    done(desk(stack).command(case, "return", {"reason": "not_our_duty", "basis": "too big"}), "acknowledged")
    town = stack.person("oh-desk")
    assert [error["pointer"] for error in problem(town.command(case, "approve_return"), 422)["errors"]] == ["/to"]
    assert done(town.command(case, "approve_return", {"to": "oosterhaven"}), "queued")["unit"] == "oosterhaven"


def test_rejecting_needs_a_reason_that_the_reporter_reads(stack: RunningStack) -> None:
    report, case = opened(stack)
    problem(desk(stack).command(case, "reject", {}), 422)
    named = problem(desk(stack).command(case, "reject", {"reason": "a private garden lamp"}), 422)
    assert [error["pointer"] for error in named["errors"]] == ["/reason"]
    asked = {"reason": "private_ground", "text": "a private garden lamp"}
    done(desk(stack).command(case, "reject", asked), "acknowledged")
    done(stack.person("oh-desk").command(case, "approve_reject"), "rejected")
    view = until(
        lambda: next(
            (v for v in [stack.rider().get("intake", f"/v1/reports/{report}").json()] if v["status"] == "rejected"),
            None,
        ),
        what="rejected at the rider's",
    )
    assert view["reason"] == "It stands on private ground: a private garden lamp. Please turn to its owner"


def test_a_failed_inspection_opens_the_case_again_with_a_fresh_clock(stack: RunningStack) -> None:
    _, case = opened(stack)
    done(walker(stack).command(case, "claim"), "claimed")
    done(walker(stack).command(case, "resolve", {"how": "repair", "text": "x"}), "resolved")
    again = done(desk(stack).command(case, "inspect", {"ok": False, "text": "still dark"}), "reopened")
    resolves = [c for c in again["clocks"] if c["kind"] == "resolve"]
    assert [c["state"] for c in resolves] == ["met", "running"]


def test_who_may_see_and_who_may_act(stack: RunningStack) -> None:
    _, case = opened(stack)
    stranger, member, town = stack.people("millfield")[0], walker(stack), stack.person("oh-desk")
    problem(stranger.get("router", f"/v1/cases/{case}"), 404)
    problem(stranger.command(case, "claim"), 404)
    problem(stranger.get("router", "/v1/queues/quayside/cases"), 404)
    problem(member.command(case, "reject", {"reason": "not_covered"}), 403)
    assert town.get("router", f"/v1/cases/{case}").status_code == 200
    assert case in [row["id"] for row in town.queue("oosterhaven", subtree="true")]
    foreign = stack.people(stack.city("sheyang")["people"][0]["unit"], "sheyang")[0]
    problem(foreign.get("router", f"/v1/cases/{case}"), 404)
    problem(stack.rider().get("router", f"/v1/cases/{case}"), 403)


def test_queue_pages_are_in_order_of_time_left_and_miss_nothing(stack: RunningStack) -> None:
    cases = {opened(stack, f"lamp number {n}")[1] for n in range(5)}
    officer = desk(stack)
    seen = officer.queue("quayside", limit=2)
    due = [(row["due_at"] is None, row["due_at"] and datetime.fromisoformat(row["due_at"])) for row in seen]
    assert due == sorted(due)
    assert cases <= {row["id"] for row in seen}
    only = officer.get("router", "/v1/queues/quayside/cases", text="lamp number 3").json()["items"]
    assert all("lamp number 3" in row["summary"] for row in only)
    assert only
    problem(officer.get("router", "/v1/queues/quayside/cases", state="sleeping"), 422)
    assert officer.get("router", "/v1/queues/quayside/cases", text="(a+)+$").status_code == 200
