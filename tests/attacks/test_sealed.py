"""What is written on a confidential case: its handlers read it, and it lies nowhere in plain, whoever looks."""

from typing import Any

import pytest

from services.router.command_handling.commands_from_bodies import BODIES
from services.router.visits.bodies import HoldBody, VisitBody
from tests.kit.everywhere import places_with
from tests.kit.free_texts import filled
from tests.kit.refusals import problem
from tests.kit.stack import Person, RunningStack, until

CODES: dict[str, Any] = {
    "to": "sheyang",
    "suggest": "jiaotonglu",
    "units": ["construction"],
    "parties": ["jiaotonglu"],
    "body": "emergency",
    "how": "repair",
    "category": "elder_help",
    "clock": "resolve",
    "ok": True,
    "place": "jiaotonglu",
    "invited": ["jiaotonglu"],
    "came": ["jiaotonglu"],
}
OF_A_LIST = {"pause": "part_ordered", "return": "not_our_duty", "reject": "police"}
"""Commands whose reason is a code of the pack."""
# fmt: off
LIFE = (
    "acknowledge", "claim", "release", "claim", "assign", "note", "on_site", "start", "escalate", "supervise",
    "mark_sensitive", "unmark_sensitive",
    "call_in", "excuse_part", "consult", "conclude", "plan", "request_extension", "approve_extension",
    "refuse_extension", "pause", "approve_pause", "refuse_pause", "resume", "request_info", "answer_info",
    "split", "unmask", "unseal", "merge", "transfer", "accept", "refuse", "return",
    "approve_return", "refuse_return", "report_in", "finish_part",
    "categorize", "excuse_part", "resolve", "inspect", "close", "record_call", "reopen", "reject",
    "approve_reject", "refuse_reject", "approve_outcome", "refuse_outcome",
    "approve_objection", "refuse_objection", "recuse", "lift_recusal", "redirect", "note",
)
TAKEN = {
    "note", "on_site", "start", "escalate", "call_in", "excuse_part", "consult", "conclude", "plan",
    "request_info", "answer_info", "split", "unmask", "categorize", "resolve", "reopen", "assign",
}
# fmt: on
"""Commands with words that this life of a case must really have taken."""


class Secret:
    """A confidential case on which its handler wrote something wherever something can be written."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack, self.rider = stack, stack.rider("sheyang")
        until(lambda: self.rider.get("intake", "/v1/categories").status_code == 200, what="the pack at intake")
        self.handler = stack.person("sheyang.supervisor", "sheyang")
        self.colleague = stack.person("sheyang.duty1", "sheyang")
        self.consulted = stack.person("jiaotonglu.duty1", "sheyang")
        self.called = stack.person("construction.desk", "sheyang")
        reporter = {"ref": "sealed-31", "name": "Ottoline", "confidential": True}
        answers = {"from where": "ANSWERWORDS"}
        sent = self.rider.report("REPORTWORDS", {"address": "x"}, category="noise", answers=answers, reporter=reporter)
        assert sent.status_code == 202, sent.text
        self.report = sent.json()["id"]
        self.case = stack.case_of(self.report, self.rider)["case"]["id"]
        self.words: dict[str, list[str]] = {}
        self.answers: list[str] = []
        for name in LIFE:
            self.say(self.handler, name)

    def say(self, who: Person, name: str) -> None:
        body, words = filled(name, BODIES[name], {**CODES, **self.of_this_case(name)})
        answer = who.command(self.case, name, body, key=f"{self.case}-{name}-{len(self.answers)}")
        assert answer.status_code < 500, f"{name}: {answer.text}"
        self.answers.append(f"{name}: {answer.status_code} {answer.text[:300]}")
        if answer.status_code == 200:
            self.words.setdefault(name, []).extend(words)

    def of_this_case(self, name: str) -> dict[str, Any]:
        codes: dict[str, Any] = {"report": self.report, "reports": [self.report], "into": self.case}
        if name in OF_A_LIST:
            codes["reason"] = OF_A_LIST[name]
        if name.endswith(("_part", "_in")):
            codes["part"] = "p2" if "plan" in self.words else "p1"
        return codes

    @property
    def all_words(self) -> list[str]:
        return [word for words in self.words.values() for word in words]


@pytest.fixture(scope="module")
def secret(stack: RunningStack) -> Secret:
    return Secret(stack)


def test_what_is_written_on_a_confidential_case_is_its_handlers_alone(stack: RunningStack, secret: Secret) -> None:
    """B70: a word of its own in every free text of every command; then everybody and everything is asked for it."""
    assert set(BODIES) <= set(LIFE), "a command that this life does not have"
    assert secret.words.keys() >= TAKEN, "\n".join(secret.answers)
    paths = [f"/v1/cases/{secret.case}{more}" for more in ("", "/history", "/reports", "/explain", "/choices")]
    read = "".join(secret.handler.get("router", path).text for path in paths)
    until(lambda: "also" in secret.rider.get("intake", f"/v1/reports/{secret.report}").json(), what="the second case")
    second = secret.rider.get("intake", f"/v1/reports/{secret.report}").json()["also"][0]["id"]
    shown = secret.handler.get("router", f"/v1/cases/{second}").json()
    assert (shown["confidential"], shown["description"] in secret.words["split"]) == (True, True)
    unread = [word for word in secret.all_words if word not in read + shown["description"]]
    assert unread == [], "its handler reads all of it"
    others = [secret.colleague, secret.consulted, secret.called, stack.ops]
    for who in others:
        query = {"city": "sheyang"} if who is stack.ops else {}
        for path in [*paths, f"/v1/cases/{second}", f"/v1/cases/{second}/explain"]:
            answer = who.get("router", path, **query).text
            assert not [word for word in secret.all_words if word in answer], f"{who.id}: {path}"
    assert secret.colleague.get("router", paths[0]).status_code == 200, "he sees that there is one"
    told = [
        secret.rider.get("intake", f"/v1/reports/{secret.report}").text,
        *(
            stack.ops.get(service, f"/v1/trace/{id_}").text
            for service in stack.services
            for id_ in (secret.case, second)
        ),
        *(who.get("notifier", "/v1/alerts").text for who in [*others[:3], secret.handler]),
        *(
            secret.colleague.get("router", "/v1/queues/sheyang/cases", limit=200, text=word).text
            for word in secret.words["split"]
        ),
        *(who.get("router", "/v1/cases", text=word).text for who in others[:3] for word in secret.words["split"]),
    ]
    assert not [word for word in secret.all_words if any(word in text for text in told)]
    own = ["REPORTWORDS", "ANSWERWORDS"]
    opened = secret.handler.command(secret.case, "unseal", {"report": secret.report}).text
    assert [word for word in own if word not in opened] == [], "its handler reads what was reported and answered"
    assert places_with(stack, [*secret.all_words, *own]) == []


def test_a_repeated_command_is_answered_with_its_words_to_its_handler(secret: Secret) -> None:
    """B70: the first answer is kept sealed and repeated as it was."""
    body = {"text": "TWICEWORDS"}
    first = secret.handler.command(secret.case, "note", body, key="note-twice")
    again = secret.handler.command(secret.case, "note", body, key="note-twice")
    assert again.headers["idempotent-replayed"] == "true"
    assert first.content == again.content
    assert "TWICEWORDS" in again.text
    problem(secret.handler.command(secret.case, "note", {"text": "other"}, key="note-twice"), 422)
    assert places_with(secret.stack, ["TWICEWORDS"]) == []


def test_why_a_visit_is_made_for_a_confidential_case_and_what_came_of_it_is_its_handlers_alone(
    stack: RunningStack, secret: Secret
) -> None:
    """B71."""
    case = secret.handler
    codes = {**CODES, "kind": "joint_enforcement", "case": secret.case}
    body, words = filled("visit", VisitBody, codes)
    planned = secret.handler.post_to("router", "/v1/visits", body, key="visit-once")
    assert planned.status_code == 201, planned.text
    assert planned.json()["purpose"] in words
    assert secret.handler.post_to("router", "/v1/visits", body, key="visit-once").content == planned.content
    id_ = planned.json()["id"]
    problem(secret.handler.post_to("router", f"/v1/visits/{id_}/hold", filled("hold", HoldBody, CODES)[0]), 409)
    off = secret.handler.post_to("router", f"/v1/visits/{id_}/cancel", {"reason": "CANCELWORDS"})
    assert off.json()["result"] == "CANCELWORDS"
    words = [*words, "CANCELWORDS"]
    until(lambda: "CANCELWORDS" in case.get("router", f"/v1/cases/{secret.case}/history").text, what="the case's line")
    for who in (secret.colleague, secret.consulted):
        for path in (f"/v1/visits/{id_}", "/v1/visits", f"/v1/cases/{secret.case}", f"/v1/cases/{secret.case}/history"):
            answer = who.get("router", path)
            assert not [word for word in words if word in answer.text], f"{who.id}: {path}"
    assert secret.consulted.get("router", f"/v1/visits/{id_}").json()["place"] == "jiaotonglu"
    above = stack.person("hede.duty1", "sheyang").get("router", f"/v1/visits/{id_}")
    problem(above, 404)
    assert places_with(stack, words) == []


def test_no_app_is_shown_where_somebody_needs_help_or_is_suspected(stack: RunningStack) -> None:
    """B72: of categories that the pack does not mark public nothing is nearby."""
    rider, where = stack.rider("sheyang"), {"lon": 120.2711, "lat": 33.7755, "crs": "wgs84"}
    until(lambda: rider.get("intake", "/v1/categories").status_code == 200, what="the pack at intake")
    cases = {}
    for category in ("elder_help", "dispute", "public_security_clue", "street_light"):
        report = rider.report("here", where, category=category).json()["id"]
        cases[stack.case_of(report, rider)["case"]["id"]] = category
    near = rider.get("intake", "/v1/nearby", **where, radius=50).json()["items"]
    assert [cases[item["case"]] for item in near if item["case"] in cases] == ["street_light"]
