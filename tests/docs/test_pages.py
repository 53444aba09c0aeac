"""The pages say what is so: their links resolve, the tests that they name exist, their examples run as written."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from services.router.exchange.sheet_files import read_table
from tests.docs.pages import PAGES
from tests.kit.photo_files import phone_photo
from tests.kit.stack import ROOT, RunningStack, until
from tests.kit.webhook_receiver import receiver

_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")
_EXAMPLE = re.compile(r"<!-- run -->\n```sh\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [link for link, _ in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not broken, f"{page.name}: {broken}"


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_into_a_page_leads_to_a_heading(page: Path) -> None:
    links = [(page.parent / link, anchor[1:]) for link, anchor in _LINK.findall(page.read_text()) if anchor]
    assert [(other.name, anchor) for other, anchor in links if anchor not in anchors(other)] == []


def test_every_test_that_a_page_names_exists() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", code))
    named = {name for page in PAGES for name in re.findall(r"`(test_\w+)`", page.read_text())}
    assert named, "the pages name no test at all"
    assert not named - known


def test_the_readmes_examples_run_as_written(stack: RunningStack) -> None:
    script = "\n".join(_EXAMPLE.findall((ROOT / "README.md").read_text()))
    assert script.count("curl ") > 8
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**os.environ, "WHISTLE_DATA": str(stack.data), "WHISTLE_CITY": "sheyang"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"message":"收到！已派给【交通路社区】，10分钟内响应"' in ran.stdout
    assert re.findall(r'^"state":"(\w+)"$', ran.stdout, re.MULTILINE) == ["claimed", "resolved", "closed"]
    for said in ('"inspected_by":"jiaotonglu.duty2"', '"status":"recorded"', '"secret":"whsec_'):
        assert said in ran.stdout


def test_the_guide_of_rider_apps_is_followed_with_an_address_and_a_key(stack: RunningStack, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "connect-a-rider-app.md").read_text()
    (tmp_path / "pipe.jpg").write_bytes(phone_photo())
    rider = stack.rider("sheyang")
    with receiver() as hook:
        told = {"WHISTLE": stack.urls["console"], "KEY": rider.token, "HOOK": hook.url}
        script = "\n".join([*_EXAMPLE.findall(page), 'echo "report $REPORT secret $SECRET"'])
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        shown = re.findall(r"^# (\".*)$", page, re.MULTILINE)
        assert len(shown) == 3
        assert [line for line in shown if line not in ran.stdout] == []
        assert ran.stdout.count('"status":"recorded"') == 3
        assert '"questions":{"type":"object"' in ran.stdout
        report, secret = re.findall(r"report (r\S+) secret (whsec_\S+)", ran.stdout)[0]
        assert f'"id":"{report}"' in ran.stdout, "it is among the reporter's own"
        seen = rider.get("intake", f"/v1/reports/{report}").json()
        assert (seen["answers"], len(seen["photos"])) == ({"flow": "喷水"}, 1)
        after = rider.report("粮站门口路灯不亮", {"lon": 120.222193, "lat": 33.749887, "crs": "wgs84"}).json()["id"]
        headers, body = until(
            lambda: next((got for got in list(hook.got) if after in got[1]), None), what="the webhook of a new case"
        )
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    given: dict[str, Any] = {}
    exec(compile(snippet, "the guide", "exec"), given)  # noqa: S102 - what the page tells to write
    assert given["hook"](secret, headers, body)[after].startswith("收到！")
    with pytest.raises(WebhookVerificationError):
        given["hook"](secret, headers, body.replace(after, report))


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_a_readme_has_a_useful_curl_within_ten_lines_of_make_up(name: str) -> None:
    text = (ROOT / name).read_text()
    begun = text[text.index("\nmake up") :].splitlines()[2:12]
    assert any(line.startswith("curl ") for line in begun)
    english = _EXAMPLE.findall((ROOT / "README.md").read_text())
    assert _EXAMPLE.findall(text)[0] == english[0]


def test_the_guide_of_county_platforms_is_followed_as_written(stack: RunningStack, tmp_path: Path) -> None:
    """Items out, the platform's sheet in, and in again: it changes nothing and says so."""
    page = (ROOT / "docs" / "how-to" / "exchange-with-a-county-platform.md").read_text()
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(_EXAMPLE.findall(page))],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "WHISTLE_DATA": str(stack.data),
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = [line for line in ran.stdout.splitlines() if line]
    assert said[0].startswith("items.xlsx: ")
    assert said[1] == "共2行：新上报2，更新0，没有变化0，未处理0。"
    assert said[2] == "共2行：新上报0，更新0，没有变化2，未处理0。这份文件没有带来任何变化。"
    out = read_table((tmp_path / "items.xlsx").read_bytes()).rows
    assert out[0][0].startswith("演示系统")
    mine = [row for row in out if "福满里3号楼下井盖破了" in row]
    assert [(row[11], row[14]) for row in mine[-1:]] == [("320924100001", "待处置")]
    outcomes = read_table((tmp_path / "result.xlsx").read_bytes()).rows
    assert [row[2] for row in outcomes[2:]] == ["已收为新上报", "已收为新上报"]
