"""The duty page: who is on, the week and its gaps, swaps, the calendar, a test alert, muted places, own rules."""

import re

import httpx

from tests.kit.made_router import MadeRouter, refused

OWN = {"sec-fetch-site": "same-origin"}


async def sent(browser: httpx.AsyncClient, path: str, page: str = "/duty", **fields: str | list[str]) -> httpx.Response:
    """A form of the page, filled in."""
    shown = (await browser.get(page)).text
    hidden = dict(re.findall(r'type="hidden" name="(csrf|key)" value="([^"]*)"', shown))
    return await browser.post(path, data={**hidden, **fields}, headers=OWN)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


async def test_who_is_on_now_at_ones_unit_and_above_until_when_and_how_reached(browser: httpx.AsyncClient) -> None:
    text = plain((await browser.get("/duty")).text)
    assert "交通路社区 A岗 张三 今天20:00 收件箱、短信、企业微信" in text
    assert "射阳县 A岗 县值班员 — 收件箱" in text


async def test_a_gap_is_a_red_row_and_leads_to_the_form_that_fills_it(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/duty")).text
    assert page.count("turn vacant") == 2
    filling = re.search(r'href="/duty\?from=2026-03-04&amp;give=qs-desk&amp;on=2026-03-06#swap"[^>]*>补岗<', page)
    assert filling is not None
    form = (await browser.get("/duty?give=qs-desk&on=2026-03-06")).text
    assert re.search(r'name="on" type="date" value="2026-03-06"', form)
    assert "值班表未排人，由上一级接警" in page, "where no turn is planned none can be passed on"


async def test_turns_are_whole_over_midnight_and_a_taken_one_says_for_whom(browser: httpx.AsyncClient) -> None:
    text = plain((await browser.get("/duty")).text)
    assert "20:00–次日08:00 A岗 王五" in text
    assert "前一日起至08:00 A岗 王五" in text
    assert "08:00–20:00 A岗 王五 替张三" in text


async def test_a_swap_is_entered_and_the_gap_that_it_makes_is_said(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    answer = await sent(
        browser, "/duty/swap", **{"from": "qs-desk"}, to="qs-night", on="2026-03-05", in_return="", reason="生日"
    )
    assert answer.status_code == 303, answer.text
    assert router.sent == [("swaps", {"from": "qs-desk", "to": "qs-night", "on": "2026-03-05", "reason": "生日"})]
    assert "明天12:00至明天18:00，A岗无人值班" in (await browser.get(answer.headers["location"])).text


async def test_a_wrong_day_is_said_at_its_field_and_what_was_typed_stays(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    router.refuses["POST /v1/rota/swaps"] = refused(422, "/on")
    answer = await sent(browser, "/duty/swap", **{"from": "qs-desk"}, to="qs-walk", on="2026-03-08", reason="生日")
    assert answer.status_code == 422
    assert '<a href="#on">此人当天没有班可换。</a>' in answer.text
    assert 'value="2026-03-08"' in answer.text


async def test_leave_is_entered_in_the_citys_time(browser: httpx.AsyncClient, router: MadeRouter) -> None:
    fields = {"person": "qs-night", "leave_from": "2026-03-05T08:00", "leave_until": "2026-03-06T08:00"}
    assert (await sent(browser, "/duty/leave", **fields)).status_code == 303
    ((kind, body),) = router.sent
    assert (kind, body["from"], body["until"]) == ("leave", "2026-03-05T08:00:00+08:00", "2026-03-06T08:00:00+08:00")


async def test_a_place_is_muted_until_an_hour_listed_and_ended_by_one_press(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    fields = {"place": "建华园", "metres": "200", "until": "2026-03-04T18:00", "mute_reason": "施工", "category": ""}
    answer = await sent(browser, "/duty/mute", **fields)
    assert answer.status_code == 303, answer.text
    ((_, body),) = router.sent
    assert body["unit"] == "quayside"
    assert body["until"] == "2026-03-04T18:00:00+08:00"
    assert (body["around"]["metres"], body["around"]["place"], body["categories"]) == (200, "建华园", [])
    page = plain((await browser.get(answer.headers["location"])).text)
    assert "危急工单照常响铃" in page
    assert "人民路工地周围200米 至今天18:00" in page
    assert "地铁工地施工，过路骑手重复上报 · 李四设置" in page
    ended = await sent(browser, "/duty/unmute", silence="q1")
    assert ended.status_code == 303
    assert "POST /v1/silences/q1/end" in router.asked


async def test_words_that_name_no_place_mute_nothing(browser: httpx.AsyncClient, router: MadeRouter) -> None:
    router.answers["POST /v1/cases:suggest"] = {"lon": None, "lat": None}
    fields = {"place": "那边", "metres": "200", "until": "2026-03-04T18:00", "mute_reason": "施工"}
    answer = await sent(browser, "/duty/mute", **fields)
    assert answer.status_code == 422
    assert '<a href="#place">' in answer.text
    assert router.sent == []


async def test_a_calendar_is_subscribed_to_by_webcal_and_its_address_ended(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    page = await sent(browser, "/duty/calendar", do="make")
    assert 'href="webcal://grid.example/v1/calendars/abcdefghijklmnop.ics"' in page.text
    assert (await sent(browser, "/duty/calendar", do="end")).status_code == 303
    assert "POST /v1/me/calendar:revoke" in router.asked


async def test_a_test_alert_says_over_which_channels_it_went_and_what_came_of_it(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    answer = await sent(browser, "/duty/test")
    assert (answer.status_code, "POST /v1/me/test-alert" in router.asked) == (303, True)
    page = plain((await browser.get("/duty")).text)
    assert "短信 已送达" in page
    assert "企业微信 发送失败" in page


async def test_own_rules_are_kept_as_they_are_shown(browser: httpx.AsyncClient, router: MadeRouter) -> None:
    fields: dict[str, str | list[str]] = {
        "after-sms": "PT5M",
        "of-sms": ["danger", "urgent"],
        "after-wecom": "",
        "of-wecom": ["danger", "urgent", "normal", "low"],
        "quiet-from-0": "22:00",
        "quiet-to-0": "06:30",
        "most": "6",
        "per": "PT1H",
    }
    answer = await sent(browser, "/duty/rules", page="/duty/rules", **fields)
    assert answer.status_code == 303, answer.text
    ((_, body),) = router.sent
    assert body["channels"][0] == {"channel": "sms", "after": "PT5M", "priorities": ["danger", "urgent"]}
    assert body["quiet"] == [{"from": "22:00", "to": "06:30"}]
    half = await sent(browser, "/duty/rules", page="/duty/rules", **{**fields, "quiet-to-0": ""})
    assert (half.status_code, 'href="#quiet-from-0"' in half.text) == (422, True)


async def test_without_one_of_the_levels_above_the_page_is_whole(
    browser: httpx.AsyncClient, router: MadeRouter
) -> None:
    router.refuses["GET /v1/units/county/roster"] = refused(503)
    page = await browser.get("/duty")
    assert page.status_code == 200
    assert "县值班员" not in page.text
