"""A day, 7: "my report is lost" at the desk of operations, in a browser on a stack of its own."""

import shutil
from collections.abc import Iterator

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.kit.dead_letters import parked, publish
from tests.kit.places import QUAY
from tests.kit.sign_in_pages import invited
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

OPS, AUDITOR = "qs-desk", "qs-walk"
OFFICES = f"\nadministrators: {{ops: [{OPS}], auditor: [{AUDITOR}]}}\n"


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The harbour, whose people are appointed to ops and audit too."""
    pack = tmp_path_factory.mktemp("packs") / "harbour"
    shutil.copytree(HARBOUR, pack)
    city = pack / "city.yaml"
    city.write_text(city.read_text() + OFFICES)
    with running_stack(tmp_path_factory.mktemp("stack"), [pack]) as running:
        yield running


async def signed_in(stack: RunningStack, browser: Browser, person: str) -> Page:
    """With the first code of the authenticator: ten minutes of what is protected."""
    page = await invited(stack, browser, person, "harbour", "zh")
    secret = (await page.locator("code").inner_text()).replace(" ", "")
    await page.get_by_label("动态验证码").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="完成设置").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("我的待办工单")
    return page


@pytest.mark.timeout(400)
async def test_ops_find_a_lost_report_and_deliver_again_what_was_parked(
    own_stack: RunningStack, chromium: Browser
) -> None:
    stack, rider = own_stack, own_stack.rider()
    sent = rider.report("the lamp at the quay is dark", QUAY, reporter={"ref": "r-1", "phone": "13800005678"})
    report = sent.json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]
    until(lambda: stack.ops.get("notifier", "/v1/alerts", case=case).json()["items"], what="the alerts")
    await publish(stack, (b'{"description": "a lamp', {"ce_specversion": "1.0", "ce_id": "lost", "ce_city": "harbour"}))
    until(lambda: parked(stack.ops, "lost"), what="the record parked")

    page = await signed_in(stack, chromium, OPS)
    await page.get_by_role("link", name="运维", exact=True).click()
    await expect(page.get_by_role("list", name="组件")).to_contain_text("MongoDB")
    await page.get_by_role("link", name="查找上报").click()
    await page.get_by_label("手机尾号4位").fill("5678")
    await page.get_by_role("button", name="查找").click()
    story = page.get_by_role("list", name="全链路追踪")
    await expect(story).to_contain_text(f"{report}.1.0")
    await expect(story).to_contain_text(f"{case}.1.0")
    await expect(story).to_contain_text("工单提醒")

    await page.get_by_role("link", name="异常消息").click()
    await page.get_by_role("list", name="异常消息").get_by_role("link").first.click()
    await expect(page.locator("main")).not_to_contain_text("a lamp")
    await page.get_by_role("button", name="试运行").click()
    await expect(page.get_by_role("alert")).to_contain_text("仍会成为异常消息")
    await page.get_by_role("button", name="重新投递").click()
    await expect(page.locator("main")).to_contain_text("再次列为异常消息", timeout=20_000)
    await page.locator("dt", has_text="再次异常编号").locator("xpath=following-sibling::dd[1]/a").click()
    await expect(page.locator("dl").first).to_contain_text("首次异常编号")
    await page.locator("summary", has_text="丢弃").click()
    await page.get_by_role("button", name="确认丢弃").click()
    await expect(page.get_by_role("alert")).to_contain_text("记录保留")

    await page.get_by_role("link", name="投递", exact=True).click()
    await expect(page.get_by_role("heading", name="平台回调")).to_be_visible()
    await expect(page.get_by_role("link", name="安全日志")).to_have_count(0)
    await page.context.close()

    auditor = await signed_in(stack, chromium, AUDITOR)
    await expect(auditor.get_by_role("link", name="运维", exact=True)).to_have_count(0)
    await auditor.get_by_role("link", name="安全日志").click()
    await auditor.get_by_label("人员或密钥").fill(OPS)
    await auditor.get_by_role("button", name="查看").click()
    log = auditor.get_by_role("list", name="安全日志")
    await expect(log).to_contain_text("按手机号查找上报")
    await expect(log).to_contain_text("丢弃异常消息")
    await auditor.context.close()
