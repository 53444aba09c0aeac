"""What a complaint, a sensitive case and a matter for others look like from outside, on the running services."""

import json
from datetime import timedelta

from tests.kit.photo_files import phone_photo
from tests.kit.places import QUAY
from tests.kit.stack import Person, RunningStack, until

WORD = "zebra"


def rows(who: Person, unit: str) -> str:
    """Everything that ``who`` reads of the queue of ``unit`` and below, as text."""
    found = [who.get("router", f"/v1/queues/{unit}/cases", subtree=below, limit=200) for below in (False, True)]
    return "".join(answer.text for answer in found)


def test_a_complaint_is_read_by_the_level_above_and_nowhere_by_those_whom_it_is_about(stack: RunningStack) -> None:
    rider, town = stack.rider(), stack.person("oh-desk")
    photo = rider.send_photo(phone_photo("red")).json()["id"]
    sent = rider.report(f"the lamp man took money {WORD}", QUAY, about_us=True, photos=[photo])
    assert sent.status_code == 202, sent.text
    report = sent.json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]

    seen = town.get("router", f"/v1/cases/{case}").json()
    assert (seen["unit"], seen["recused"]) == ("oosterhaven", ["quayside"])
    until(lambda: town.get("intake", f"/v1/photos/{photo}").status_code == 200, what="the photo at the town")
    until(lambda: town.get("notifier", "/v1/alerts", case=case).json()["items"], what="the town's alert")
    for blind in (stack.person("qs-desk"), stack.person("qs-walk"), stack.person("qs-night")):
        assert blind.get("router", f"/v1/cases/{case}").status_code == 404
        assert blind.get("router", f"/v1/cases/{case}/history").status_code == 404
        assert blind.get("intake", f"/v1/reports/{report}").status_code == 404
        assert blind.get("intake", f"/v1/photos/{photo}").status_code == 404
        assert case not in rows(blind, "quayside")
        assert WORD not in blind.get("notifier", "/v1/alerts").text
    near = {"lon": QUAY["lon"], "lat": QUAY["lat"], "crs": QUAY["crs"], "radius": 1000}
    assert case not in rider.get("intake", "/v1/nearby", **near).text
    assert WORD in rider.get("intake", f"/v1/reports/{report}").text, "its reporter reads his own words"


def test_a_desk_that_recuses_itself_loses_sight_and_its_inbox_forgets_the_words(stack: RunningStack) -> None:
    rider, desk, town = stack.rider(), stack.person("qs-desk"), stack.person("oh-desk")
    report = rider.report(f"the street light is out, {WORD}", QUAY, category="street_light").json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]
    walker = stack.person("qs-walk")
    until(lambda: WORD in walker.get("notifier", "/v1/alerts", case=case).text, what="the walker's alert")

    answer = desk.command(case, "recuse", {"reason": "he means me"})
    assert answer.status_code == 200, answer.text
    assert WORD not in answer.text
    assert desk.get("router", f"/v1/cases/{case}").status_code == 404
    assert town.get("router", f"/v1/cases/{case}").json()["unit"] == "oosterhaven"
    until(lambda: case not in walker.get("notifier", "/v1/alerts").text, what="the alert taken back")
    assert WORD not in walker.get("notifier", "/v1/alerts").text


def test_a_sensitive_case_tells_the_top_and_every_reader_is_on_its_record(stack_by_day: RunningStack) -> None:
    rider, desk, town = stack_by_day.rider(), stack_by_day.person("qs-desk"), stack_by_day.person("oh-desk")
    report = rider.report(f"somebody on the roof, {WORD}", QUAY, category="street_light").json()["id"]
    case = stack_by_day.case_of(report, rider)["case"]["id"]
    walker = stack_by_day.person("qs-walk")
    assert walker.command(case, "mark_sensitive", {"kind": "self_harm"}).status_code == 200
    told = until(lambda: town.get("notifier", "/v1/alerts", case=case).json()["items"], what="the town's alert")
    assert WORD not in json.dumps(told)
    assert WORD not in rows(desk, "quayside")
    assert WORD not in desk.get("router", "/v1/queues/quayside/cases", text=WORD).text
    until(
        lambda: WORD not in desk.get("intake", f"/v1/reports/{report}").text,
        what="intake to know that it is sensitive",
    )

    assert WORD in town.get("router", f"/v1/cases/{case}").text
    history = desk.get("router", f"/v1/cases/{case}/history").json()["items"]
    assert [line["by"] for line in history if line["what"] == "case.read"] == ["oh-desk", "qs-desk"]


def test_who_was_invited_before_a_case_was_sensitive_keeps_no_place_in_his_inbox(stack: RunningStack) -> None:
    desk, works = stack.person("qs-desk"), stack.person("hw-desk")
    report = stack.rider().report("the street light is out", QUAY, category="street_light").json()["id"]
    case = stack.case_of(report, stack.rider())["case"]["id"]
    at = (stack.now() + timedelta(days=4)).isoformat()
    body = {"kind": "patrol", "place": "fish-quay", "at": at, "purpose": "look", "invited": ["works"], "case": case}
    visit = desk.post_to("router", "/v1/visits", body).json()["id"]

    def told() -> str:
        return works.get("notifier", "/v1/alerts", case=visit).text

    until(lambda: "Fish Quay" in told(), what="the invitation with its place")
    assert desk.command(case, "mark_sensitive", {"kind": "media"}).status_code == 200
    until(lambda: "Fish Quay" not in told(), what="the place taken back")
    assert "Quayside" in told(), "who invites, and when, is told as before"


def test_a_command_that_changes_nothing_shows_no_sensitive_case_off_the_record(stack: RunningStack) -> None:
    """B121: a second `acknowledge` was answered with the whole case, and nothing said who had read it."""
    rider, desk, night = stack.rider(), stack.person("qs-desk"), stack.person("qs-night")
    report = rider.report(f"somebody on the roof, {WORD}", QUAY, category="street_light").json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]
    assert desk.command(case, "mark_sensitive", {"kind": "self_harm"}).status_code == 200
    assert desk.command(case, "acknowledge").status_code == 200
    for _ in range(2):
        assert WORD in night.command(case, "acknowledge").text
    history = desk.get("router", f"/v1/cases/{case}/history").json()["items"]
    assert [line["by"] for line in history if line["what"] == "case.read"] == ["qs-night", "qs-desk"]


def test_visits_and_explanations_of_a_sensitive_case_are_read_on_the_record(stack: RunningStack) -> None:
    """B128: both showed what was written there, and nothing said who had read it."""
    desk, night, town = stack.person("qs-desk"), stack.person("qs-night"), stack.person("oh-desk")
    report = stack.rider().report("the street light is out", QUAY, category="street_light").json()["id"]
    case = stack.case_of(report, stack.rider())["case"]["id"]
    at = (stack.now() + timedelta(days=3)).isoformat()
    body = {"kind": "patrol", "place": "quayside", "at": at, "purpose": WORD, "invited": ["works"], "case": case}
    planned = desk.post_to("router", "/v1/visits", body, key=f"visit-{case}")
    assert planned.json()["purpose"] == WORD
    assert desk.command(case, "mark_sensitive", {"kind": "media"}).status_code == 200

    def readers() -> list[str]:
        lines = stack.ops.get("router", f"/v1/cases/{case}/history", city="harbour").json()["items"]
        return [line["by"] for line in lines if line["what"] == "case.read"]

    id_ = planned.json()["id"]
    assert WORD not in night.get("router", "/v1/visits", case=case).text
    assert "qs-night" not in readers()
    assert night.get("router", f"/v1/visits/{id_}").json()["purpose"] == WORD
    assert desk.post_to("router", "/v1/visits", body, key=f"visit-{case}").json()["purpose"] == WORD
    assert town.get("router", f"/v1/cases/{case}/explain").status_code == 200
    assert {"qs-night", "qs-desk", "oh-desk"} <= set(readers())


def test_a_recusal_that_is_lifted_gives_back_the_cases_that_were_merged_into_it(stack: RunningStack) -> None:
    rider, desk, town = stack.rider(), stack.person("qs-desk"), stack.person("oh-desk")
    cases = []
    for words in (f"{WORD} lamp by the crane is dark", f"a wall of the quay is cracked {WORD}"):
        report = rider.report(words, QUAY, category="quay_wall" if "wall" in words else "street_light").json()["id"]
        cases.append(stack.case_of(report, rider)["case"]["id"])
    older, younger = cases
    assert desk.command(younger, "merge", {"into": older}).status_code == 200
    assert town.command(older, "recuse", {"reason": "it is theirs", "about": "quayside"}).status_code == 200
    assert [desk.get("router", f"/v1/cases/{case}").status_code for case in cases] == [404, 404]
    assert town.command(older, "lift_recusal", {"reason": "it is not"}).status_code == 200
    back = desk.get("router", f"/v1/cases/{younger}").json()
    assert (back["state"], back["unit"], back["recused"]) == ("merged", "quayside", [])


def test_a_matter_for_others_is_answered_with_where_to_go_and_is_nowhere(stack: RunningStack) -> None:
    rider = stack.rider()
    away = rider.report("an appeal", QUAY, category="appeal", key="not-ours")
    assert away.status_code == 200, away.text
    assert away.json() == {
        "status": "elsewhere",
        "elsewhere": {
            "id": "ombudsman",
            "name": "Ombudsman",
            "text": "Write to the ombudsman, Town Hall 1.",
            "text_en": "",
        },
    }
    taken = rider.report("a court case about my street light", QUAY, key="not-ours")
    assert (taken.status_code, taken.json()["elsewhere"]["id"]) == (202, "ombudsman"), "the key was not used up"
    case = stack.case_of(taken.json()["id"], rider)["case"]["id"]
    ended = stack.person("qs-desk").command(case, "redirect")
    assert ended.json()["resolved_how"] == "elsewhere", ended.text

    def where() -> bool:
        return "Town Hall 1" in str(rider.get("intake", f"/v1/reports/{taken.json()['id']}").json()["message"])

    until(where, what="the reporter to read where to go")
