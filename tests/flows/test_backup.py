"""Promise: what was in a backup is there after a restore, clocks go on, nobody is alerted twice; as the page says."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.ledger import absorbed
from tests.kit.cases_on_stack import desk, done, history
from tests.kit.command_line import whistle
from tests.kit.photo_files import phone_photo
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, ROOT, UP_WITHIN_S, Person, RunningStack, running_stack, until

PAGE = ROOT / "docs" / "how-to" / "backup.md"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[RunningStack]:
    with running_stack(tmp_path / "data", [HARBOUR]) as running:
        yield running


def run(block: str, **variables: str) -> None:
    """A block of the page, as it stands."""
    found = re.search(rf"<!-- {block} -->\n```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", found[1]],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def answers(rider: Person, officer: Person, reports: list[str], photo: str) -> dict[str, Any]:
    """What a rider and an officer are told."""
    cases = ["c" + report[1:] for report in reports]
    return {
        **{report: _lasting(rider.get("intake", f"/v1/reports/{report}").json()) for report in reports},
        **{case: officer.get("router", f"/v1/cases/{case}").json() for case in cases},
        "queue": officer.get("router", "/v1/queues/quayside/cases").json()["items"],
        "photo": rider.get("intake", f"/v1/photos/{photo}").content,
    }


def _lasting(view: dict[str, Any]) -> dict[str, Any]:
    """Without the sentence that counts down the minutes of a promise."""
    return {name: value for name, value in view.items() if name != "message"}


def alerts(stack: RunningStack, rider_cases: list[str]) -> list[tuple[str, str, str]]:
    items = stack.ops.get("notifier", "/v1/alerts", city="harbour", limit=200).json()["items"]
    return sorted((a["case"], a["because"], a["recipient"]) for a in items if a["case"] in rider_cases)


def test_a_stack_restored_from_its_backup_goes_on_where_it_was(own_stack: RunningStack, tmp_path: Path) -> None:
    stack, rider, officer = own_stack, own_stack.rider(), desk(own_stack)
    photo = rider.send_photo(phone_photo()).json()["id"]
    told = [rider.report("a lamp is dark", QUAY, key="first", photos=[photo]), rider.report("the other lamp", QUAY)]
    reports = [answer.json()["id"] for answer in told]
    queued, claimed = (stack.case_of(report, rider)["case"]["id"] for report in reports)
    done(officer.command(claimed, "claim"), "claimed")
    until(lambda: rider.get("intake", f"/v1/reports/{reports[1]}").json()["status"] == "claimed", what="the claim")
    until(lambda: rider.get("intake", f"/v1/photos/{photo}").status_code == 200, what="the clean photo")
    until(lambda: len(alerts(stack, [queued, claimed])) >= 4, what="two alerts for each case")
    before, alerted = answers(rider, officer, reports, photo), alerts(stack, [queued, claimed])

    old = stack.ops
    assert old.post_to("router", "/v1/keys:rotate").json() == {"generation": 1}
    assert "holds" in whistle(stack, "key", "list", "--city", "harbour"), "commands find the new token themselves"
    assert stack.ops.token != old.token

    backup, options = tmp_path / "backup.tgz", f"--port-base {stack.port_base} --city {HARBOUR} --within {UP_WITHIN_S}"
    run("backup", DATA=str(stack.data), BACKUP=str(backup))
    assert backup.stat().st_mode & 0o077 == 0
    shutil.rmtree(stack.data)
    run("restore", DATA=str(stack.data), BACKUP=str(backup), OPTIONS=options)

    assert answers(rider, officer, reports, photo) == before
    assert old.get("router", "/v1/me").status_code == 401, "rotated before the backup"
    again = rider.report("a lamp is dark", QUAY, key="first", photos=[photo])
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["id"] == reports[0]
    fresh = rider.report("a third lamp", QUAY).json()["id"]
    stack.case_of(fresh, rider, within=60)
    stack.forward("PT31M")
    breached = until(
        lambda: [e["clock"] for e in history(stack, queued) if e["what"] == "clock.breached"],
        what="the breach of a clock that was running at the backup",
    )
    assert breached == ["acknowledge"]
    later = until(
        lambda: (lambda found: found if len(found) > len(alerted) else None)(alerts(stack, [queued, claimed])),
        what="the breach's alert",
    )
    for emitter in ("intake", "router"):
        assert stack.ops.post_to(emitter, "/v1/replay", {"since": "2020-01-01T00:00:00Z"}).status_code == 200
    until(lambda: absorbed(stack, lambda line: '"alerts"' in line) >= 4, what="every alert asked for once more")
    assert alerts(stack, [queued, claimed]) == later
    assert set(alerted) <= set(later)
    assert len(set(later)) == len(later), "told twice"
