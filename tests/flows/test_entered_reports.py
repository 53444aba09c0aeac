"""Entered for others: what comes by window, phone, visit or group chat is a report, with who entered it on record."""

import uuid

from tests.kit.photo_files import phone_photo
from tests.kit.places import QUAY
from tests.kit.refusals import problem
from tests.kit.stack import RunningStack, until

CHAT = "【群聊】14:02 lamp out at Fish Quay 2, call 13812345678 阿珍"


def test_what_a_resident_said_at_the_window_is_a_case_with_who_entered_it_on_record(stack: RunningStack) -> None:
    officer = stack.person("qs-desk")
    who = {"ref": "resident-4", "name": "Jan"}
    sent = officer.report("the lamp is out", {"unit": "quayside"}, channel="window", reporter=who)
    assert sent.status_code == 202, sent.text
    mine = stack.case_of(sent.json()["id"], officer)
    assert (mine["entered_by"], mine["channel"]) == ("qs-desk", "window")
    case = officer.get("router", f"/v1/cases/{mine['case']['id']}").json()
    assert case["unit"] == "quayside"
    assert case["history"][0]["by"] == case["reports"][0]["entered_by"] == "qs-desk"


def test_a_pasted_chat_with_a_picture_loses_its_telephone_numbers(stack: RunningStack) -> None:
    walker = stack.person("qs-walk")
    photo = walker.send_photo(phone_photo()).json()["id"]
    report = walker.report(CHAT, QUAY, channel="group", photos=[photo]).json()["id"]
    case = stack.case_of(report, walker)["case"]["id"]
    shown = stack.person("qs-desk").get("router", f"/v1/cases/{case}").json()
    assert "13812345678" not in shown["description"]
    assert "[电话]" in shown["description"]
    assert shown["photos"] == [photo]
    until(lambda: walker.get("intake", f"/v1/photos/{photo}").status_code == 200, what="the picture")


def test_an_officers_key_is_the_officers_own_and_repeats_one_report(stack: RunningStack) -> None:
    key = uuid.uuid4().hex
    desk, walker, rider = stack.person("qs-desk"), stack.person("qs-walk"), stack.rider()
    answers = [who.report("lamp out", QUAY, key=key, channel="phone") for who in (desk, desk, walker, rider)]
    assert [answer.status_code for answer in answers] == [202] * 4
    first, again, *others = (answer.json()["id"] for answer in answers)
    assert first == again
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert len({first, *others}) == 3
    assert problem(desk.report("another lamp", QUAY, key=key, channel="phone"), 422)["type"].endswith("key-reused")


def test_an_officer_says_how_it_came(stack: RunningStack) -> None:
    refused = problem(stack.person("qs-desk").report("lamp out", QUAY), 422)
    assert refused["errors"][0]["pointer"] == "/channel"


def test_it_is_read_back_by_who_entered_it_and_by_whose_unit_sees_the_case(stack: RunningStack) -> None:
    desk = stack.person("qs-desk")
    report = desk.report("the mill is loud", {"unit": "millfield"}, channel="phone").json()["id"]
    case = stack.case_of(report, desk)["case"]["id"]
    assert desk.get("router", f"/v1/cases/{case}").status_code == 404, "it is the millfield's, not the quayside's"
    assert stack.person("mf-desk").get("intake", f"/v1/reports/{report}").status_code == 200
    assert stack.person("qs-walk").get("intake", f"/v1/reports/{report}").status_code == 404
    assert stack.rider().get("intake", f"/v1/reports/{report}").status_code == 404


def test_officers_rate_add_and_withdraw_for_a_resident_who_phoned(stack: RunningStack) -> None:
    desk, night, walker = (stack.person(name) for name in ("qs-desk", "qs-night", "qs-walk"))
    number = f"12345-{uuid.uuid4().hex[:8]}"
    sent = desk.report("the lamp is out", {"unit": "quayside"}, channel="hotline", outside_number=number)
    report = sent.json()["id"]
    case = stack.case_of(report, desk)["case"]["id"]
    path = f"/v1/reports/{report}"
    assert problem(night.post_to("intake", f"{path}/rating", {"score": 3}), 409)["type"].endswith("not-open")
    added = night.post_to("intake", f"{path}/additions", {"text": "it sparks"})
    assert added.status_code == 200, added.text
    for name, body in (("claim", {}), ("resolve", {"how": "repair", "text": "new lamp"})):
        assert desk.command(case, name, body).status_code == 200
    until(lambda: walker.get("intake", path).json()["status"] == "resolved", what="the resolution")
    assert problem(desk.post_to("intake", f"{path}/rating", {"score": 3}), 403)["reason"] == "own_work"
    assert problem(walker.post_to("intake", f"{path}/rating", {"score": 3}), 403)["reason"] == "not_yours"
    rated = night.post_to("intake", f"{path}/rating", {"score": 3}, key="rated")
    assert rated.status_code == 200, rated.text
    assert night.post_to("intake", f"{path}/rating", {"score": 3}, key="rated").headers["idempotent-replayed"] == "true"
    assert desk.post_to("intake", f"{path}/withdraw", {"reason": "moved away"}).status_code == 200

    def lines() -> dict[str, dict[str, object]]:
        history = desk.get("router", f"/v1/cases/{case}/history").json()["items"]
        return {line["remark"]: line for line in history if "remark" in line}

    until(lambda: {"entered_adds", "entered_rates", "entered_withdraws"} <= set(lines()), what="the lines of the case")
    told = lines()
    assert [told[f"entered_{what}"]["by"] for what in ("adds", "rates", "withdraws")] == ["qs-night"] * 2 + ["qs-desk"]
    assert told["entered_adds"]["text"] == f"added for the reporter of {report}: it sparks"
    shown = desk.get("intake", path).json()
    assert (shown["rating"], shown["rating_entered_by"]) == (3, "qs-night")
    assert (shown["channel"], shown["outside_number"]) == ("hotline", number)
    (hung,) = desk.get("router", f"/v1/cases/{case}").json()["reports"]
    assert (hung["channel"], hung["outside_number"]) == ("hotline", number)
    found = [one["id"] for one in desk.get("intake", "/v1/reports", outside_number=number).json()["items"]]
    assert found == [report]
    assert stack.person("mf-desk").get("intake", "/v1/reports", outside_number=number).json()["items"] == []
    assert stack.rider().get("intake", "/v1/reports", outside_number=number).json()["items"] == []
    assert problem(desk.get("intake", "/v1/reports", reporter="x"), 422)["errors"][0]["pointer"] == "?outside_number"


def test_what_an_app_sent_no_officer_rates_adds_to_or_withdraws(stack: RunningStack) -> None:
    rider, desk = stack.rider(), stack.person("qs-desk")
    report = rider.report("the lamp is out", QUAY).json()["id"]
    stack.case_of(report, rider)
    until(lambda: desk.get("intake", f"/v1/reports/{report}").status_code == 200, what="the desk to see it")
    for action, body in (("rating", {"score": 3}), ("additions", {"text": "more"}), ("withdraw", {"reason": "no"})):
        path = f"/v1/reports/{report}/{action}"
        assert problem(desk.post_to("intake", path, body), 403)["reason"] == "own_app"
        problem(stack.person("mf-desk").post_to("intake", path, body), 404)
