"""Promises about rights: whoever is given the work can do it, and what ends a right ends it within five seconds,
wherever it was in use."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.city import yaml_text
from shared.city.reading import read_folder
from tests.kit.cases_on_stack import alert_of, desk, done, opened
from tests.kit.photo_files import picture
from tests.kit.places import HARBOUR_ZONE
from tests.kit.queue_stream import Listening
from tests.kit.stack import HARBOUR, ROOT, Person, RunningStack, running_stack, until

ENDS_WITHIN = 5.0
TOWNS = {"unit": "oosterhaven"}
WORDS = "a pipe at the house of Anna"


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[RunningStack]:
    with running_stack(tmp_path, [HARBOUR]) as running:
        yield running


def load(stack: RunningStack, *more: dict[str, Any], swaps: Sequence[dict[str, str]] = ()) -> str:
    """The harbour's pack with more people, and more swaps; its version."""
    files = read_folder(HARBOUR)
    posts: Any = yaml_text.parse(files["posts.yaml"])
    posts["people"] += more
    posts["swaps"] += swaps
    answer = stack.ops.post_to("router", "/v1/cities", {"files": {**files, "posts.yaml": json.dumps(posts)}})
    assert answer.status_code == 200, answer.text
    version: str = answer.json()["version"]
    return version


def load_everywhere(stack: RunningStack, *more: dict[str, Any], swaps: Sequence[dict[str, str]] = ()) -> None:
    """``load``, awaited at every service."""
    version = load(stack, *more, swaps=swaps)
    for url in stack.services.values():
        until(
            lambda url=url: stack.http.get(f"{url}/readyz").json()["cities"]["harbour"] == version,  # type: ignore[misc]
            what=f"the pack at {url}",
        )


def newcomer(stack: RunningStack, id_: str, unit: str = "quayside") -> Person:
    """Somebody whom the pack has from now on, as a walker of ``unit``, and everybody's service knows it."""
    load_everywhere(stack, {"id": id_, "name": "New here", "unit": unit, "role": "grid_member", "post": "B"})
    told = stack.ops.post_to("router", "/v1/dev/tokens", {"city": "harbour"}).json()["people"]
    found = next(person for person in told if person["id"] == id_)
    return Person(stack, found["token"], found["id"], found["unit"], found["role"], found["post"])


def the_towns(stack: RunningStack, photo: str | None = None) -> tuple[str, str]:
    rider = stack.rider()
    more: dict[str, Any] = {"photos": [photo]} if photo is not None else {}
    report = rider.report(WORDS, TOWNS, **more).json()["id"]
    return report, stack.case_of(report, rider)["case"]["id"]


def test_who_is_given_the_work_reads_it_goes_there_and_presses_his_alert(stack: RunningStack) -> None:
    """B69: the alert arrived, and the case, its photo and its report were 404."""
    photo = stack.rider().send_photo(picture("PNG"), media="image/png").json()["id"]
    report, case = the_towns(stack, photo)
    town, member = stack.person("oh-desk"), stack.person("mf-desk")
    assert member.get("router", f"/v1/cases/{case}").status_code == 404
    done(town.command(case, "assign", {"to": "mf-desk"}), "queued")
    alert = until(
        lambda: [a for a in member.get("notifier", "/v1/alerts", case=case).json()["items"] if a["kind"] == "assigned"],
        what="his alert",
    )[0]
    assert member.get("router", f"/v1/cases/{case}").status_code == 200
    for path in (f"/v1/reports/{report}", f"/v1/photos/{photo}"):
        until(lambda path=path: member.get("intake", path).status_code == 200, what=path)  # type: ignore[misc]
    assert WORDS in stack.http.get(alert["link"]).text or stack.http.get(alert["link"]).status_code == 200
    assert member.post_to("notifier", f"/v1/alerts/{alert['id']}/ack").status_code == 200
    done(member.command(case, "on_site"), "on_site")
    done(town.command(case, "assign", {"to": "oh-desk"}), "on_site")
    assert member.get("router", f"/v1/cases/{case}").status_code == 404
    until(lambda: member.get("intake", f"/v1/reports/{report}").status_code == 404, within=ENDS_WITHIN, what="404")
    assert stack.http.get(alert["link"]).status_code == 410


def test_all_that_somebody_has_open_ends_with_his_right_within_five_seconds(own_stack: RunningStack) -> None:
    """B63, B68: he left the pack; his stream went on, and his links showed the case for a day."""
    stack = own_stack
    left = newcomer(stack, "qs-left")
    listening = Listening(left, "quayside")
    _, case = opened(stack, WORDS)
    until(lambda: listening.of(case), what="the case in his stream")
    link = str(alert_of(stack, left, case)["link"])
    assert stack.http.get(link).status_code == 200
    calendar = str(left.post_to("notifier", "/v1/me/calendar").json()["url"])
    assert stack.http.get(calendar).status_code == 200
    load(stack)
    gone = time.monotonic()
    until(lambda: [e for e in listening.events if e[0] == "reset"], within=ENDS_WITHIN, what="reset")
    page = stack.http.get(link)
    assert page.status_code == 410
    assert "Anna" not in page.text
    assert stack.http.post(link).status_code == 410
    assert stack.http.get(calendar).status_code == 404
    for service in stack.services:
        until(
            lambda service=service: left.get(service, "/v1/me").status_code == 401,  # type: ignore[misc]
            within=max(0.1, ENDS_WITHIN - (time.monotonic() - gone)),
            what=f"401 at {service}",
        )
    _, later = opened(stack, WORDS)
    follower = Listening(desk(stack), "quayside", **{"from": listening.events[-1][1]})
    until(lambda: follower.of(later), what="the later case in a stream that goes on")
    assert not listening.of(later)
    follower.close()
    listening.close()


def test_a_stand_in_from_another_unit_works_on_what_he_is_told_of_until_his_duty_ends(own_stack: RunningStack) -> None:
    """B69: he was alerted, and the case, its queue and his link were closed to him."""
    stack, today = own_stack, own_stack.now(HARBOUR_ZONE).date()
    always = {"id": "qs-all", "name": "Always there", "unit": "quayside", "role": "duty_officer", "post": "A"}
    coming = {**always, "id": "qs-new", "valid_from": str(today + timedelta(days=30))}
    days = [str(today + timedelta(days=n)) for n in range(-1, 5)]  # until the next working day, when the alert rings
    load_everywhere(stack, always, coming, swaps=[{"from": "qs-all", "to": "mf-desk", "on": day} for day in days])
    told = stack.ops.post_to("router", "/v1/dev/tokens", {"city": "harbour"}).json()["people"]
    early = Person(stack, next(person["token"] for person in told if person["id"] == "qs-new"))
    assert early.get("router", "/v1/me").status_code == 401, "his appointment has not begun"
    member = stack.person("mf-desk")
    queue = "/v1/queues/quayside/cases"
    until(lambda: member.get("router", queue).status_code == 200, what="the queue of the unit where he stands in")
    listening = Listening(member, "quayside")
    report, case = opened(stack, WORDS)
    until(lambda: listening.of(case), what="the case in his stream")
    link = str(alert_of(stack, member, case)["link"])
    assert stack.http.get(link).status_code == 200
    assert member.get("router", f"/v1/cases/{case}").json()["commands"]
    until(lambda: member.get("intake", f"/v1/reports/{report}").status_code == 200, what="its report")
    load(stack)
    until(lambda: [e for e in listening.events if e[0] == "reset"], within=ENDS_WITHIN + 1, what="reset")
    until(lambda: member.get("router", queue).status_code == 404, within=ENDS_WITHIN, what="404")
    assert stack.http.post(link).status_code == 410
    listening.close()


def test_a_key_of_ops_is_listed_with_its_maker_and_withdrawn_by_its_name(stack: RunningStack) -> None:
    """B66: it could never be revoked, and minted others in secret."""
    made = {"name": "night-ops", "role": "ops", "city": "harbour"}
    first = Person(stack, stack.ops.post_to("router", "/v1/keys", made).json()["key"])
    second = first.post_to("router", "/v1/keys", {**made, "name": "hidden"}, key="minted")
    assert second.status_code == 201
    again = stack.ops.post_to("router", "/v1/keys", {**made, "name": "hidden"}, key="minted")
    assert again.json()["key"] != second.json()["key"], "another's key is not shown to who knows its Idempotency-Key"
    keys = stack.ops.get("router", "/v1/keys", city="harbour", limit=200).json()["items"]
    assert ("hidden", "ops", "night-ops") in {(key["name"], key["role"], key["made_by"]) for key in keys}
    assert second.json()["key"] not in json.dumps(keys)
    for name in ("night-ops", "hidden"):
        revoked = stack.ops.post_to("router", "/v1/keys:revoke", {"name": name, "city": "harbour"})
        assert revoked.json()["revoked"] >= 1
    for token in (first.token, second.json()["key"]):
        ended = Person(stack, token)
        until(lambda ended=ended: ended.get("router", "/v1/me").status_code == 401, within=ENDS_WITHIN, what="401")  # type: ignore[misc]
    replayed = stack.ops.post_to("router", "/v1/keys", {**made, "name": "hidden"}, key="minted")
    assert "key" not in replayed.json(), "a key is shown once, and a revoked one not handed out again"


def test_the_installations_own_tokens_are_withdrawn_and_the_services_go_on(own_stack: RunningStack) -> None:
    """B66: they followed from the secret alone, so that a leaked one opened everything for ever."""
    stack = own_stack
    leaked = stack.ops
    _, case = opened(stack)
    walker = stack.person("qs-walk")
    alert = alert_of(stack, walker, case)
    command = [sys.executable, "-m", "deploy.main", "key", "rotate", "--data", str(stack.data)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert stack.ops.token != leaked.token
    assert stack.http.get(str(alert["link"])).status_code == 200, "the notifier asks the router"
    assert walker.post_to("notifier", f"/v1/alerts/{alert['id']}/ack").status_code == 200
    for service in stack.services:
        until(
            lambda service=service: leaked.get(service, "/v1/me").status_code == 401,  # type: ignore[misc]
            within=ENDS_WITHIN,
            what=f"401 at {service}",
        )
        assert stack.ops.get(service, "/v1/me").status_code == 200
    photo = desk(stack).send_photo(picture("PNG"), media="image/png").json()["id"]
    done(desk(stack).command(case, "claim"), "claimed")
    noted = desk(stack).command(case, "note", {"text": "there", "photos": [photo]})
    assert noted.status_code == 200, "the router asks intake"
