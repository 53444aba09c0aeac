"""The audit of histories on the running stack: well as it was written, and a change in the store is found."""

import json
from typing import Any

import pymongo
import pytest
from typer.testing import CliRunner

from deploy.main import build
from tests.kit.cases_on_stack import opened
from tests.kit.stack import RunningStack, until

CLI = CliRunner()


def lived(stack: RunningStack) -> str:
    """A case with some entries, all of them in the log."""
    _, case = opened(stack)
    officer = stack.person("qs-desk")
    for name, body in (("claim", {}), ("note", {"text": "the valve is shut"}), ("note", {"text": "a new lamp"})):
        assert officer.command(case, name, body).status_code == 200
    until(lambda: len(stack.ops.get("router", f"/v1/trace/{case}").json()["items"]) == 4, what="the log")
    return case


def audit(stack: RunningStack, *args: str) -> tuple[int, dict[str, Any]]:
    told = CLI.invoke(build(), ["audit", "verify", *args, "--json", "--data", str(stack.data)])
    return told.exit_code, json.loads(told.stdout)


def test_every_history_of_the_stack_is_as_it_was_written(stack: RunningStack) -> None:
    case = lived(stack)
    code, told = audit(stack, case)
    assert (code, told["items"], told["entries"]) == (0, [], 4)
    code, told = audit(stack, "--all")
    assert (code, told["items"]) == (0, [])
    assert told["cases"] >= 1


@pytest.mark.parametrize("part", ["log", "case"])
def test_a_tampered_history_is_found_on_the_running_stack(stack: RunningStack, part: str) -> None:
    """B43: and what was changed back is well again."""
    case = lived(stack)
    with pymongo.MongoClient[dict[str, Any]](stack.dev["mongo"]) as client:
        router = client["whistle_router"]
        if part == "log":
            where, log = {"subject": case, "sequence": 3}, router["events"]
        else:
            where, log = {"_id": case}, router["cases"]
        before = log.find_one(where)
        assert before is not None
        changed = (
            {"data": before["data"].replace('"by":"qs-desk"', '"by":"qs-walk"')}
            if part == "log"
            else {"history.2.text": "the door is shut"}
        )
        log.update_one({"_id": before["_id"]}, {"$set": changed})
        code, told = audit(stack, case)
        assert (code, told["items"][0]["entry"]) == (1, f"{case}.3.0")
        log.replace_one({"_id": before["_id"]}, before)
    assert audit(stack, case)[0] == 0
