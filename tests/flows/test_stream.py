"""Promises of the live queue: what was read and what follows meet without a gap; what cannot be served says reset."""

import base64
from functools import partial

from tests.kit.cases_on_stack import desk, done, opened
from tests.kit.queue_stream import Listening
from tests.kit.stack import RunningStack, until


def test_a_case_enters_changes_and_leaves_the_stream(stack: RunningStack) -> None:
    officer = desk(stack)
    start = officer.get("router", "/v1/queues/quayside/cases").json()["stream_from"]
    _, case = opened(stack)
    listening = Listening(officer, "quayside", **{"from": start})
    until(lambda: listening.of(case), what="the new case")
    done(officer.command(case, "claim"), "claimed")
    until(lambda: [e for e in listening.of(case) if e[2].get("state") == "claimed"], what="the claim")
    done(officer.command(case, "reject", {"reason": "not_covered"}), "claimed")
    until(lambda: len(listening.of(case)) == 3, what="the request")
    done(stack.person("oh-desk").command(case, "approve_reject"), "rejected")
    until(lambda: [e for e in listening.of(case) if e[0] == "left"], what="left")
    assert [e[0] for e in listening.of(case)] == ["case", "case", "case", "left"]
    versions = [e[2]["version"] for e in listening.of(case)]
    assert versions == sorted(versions)
    middle = listening.of(case)[0][1]
    again = Listening(officer, "quayside", **{"from": middle})
    until(lambda: [e for e in again.of(case) if e[0] == "left"], what="resumed")
    assert [e[0] for e in again.of(case)] == ["case", "case", "left"], "a resumed stream repeats and misses nothing"
    listening.close()
    again.close()


def test_a_cursor_of_another_broker_says_reset(stack: RunningStack) -> None:
    cursor = base64.urlsafe_b64encode(b'{"c":"another","o":{"0":5}}').decode()
    for text in (cursor, "nonsense"):
        listening = Listening(desk(stack), "quayside", **{"from": text})
        until(partial(getattr, listening, "events"), what="reset")
        assert listening.events[0][0] == "reset"
        listening.close()


def test_a_moved_case_leaves_one_queue_and_enters_another(stack: RunningStack) -> None:
    other = stack.people("millfield")[0]
    mine, theirs = Listening(desk(stack), "quayside"), Listening(other, "millfield")
    _, case = opened(stack)
    until(lambda: mine.of(case), what="the case here")
    done(desk(stack).command(case, "transfer", {"to": "millfield", "reason": "theirs"}), "queued")
    until(lambda: theirs.of(case), what="the offer there")
    done(other.command(case, "accept"), "acknowledged")
    until(lambda: [e for e in mine.of(case) if e[0] == "left"], what="left here")
    assert theirs.of(case)[-1][0] == "case"
    mine.close()
    theirs.close()
