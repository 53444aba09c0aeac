"""The table of commands over HTTP and the table of rules are about the same commands, and keys keep their meaning."""

from typing import Any

import msgspec
import pytest

from services.router.command_handling.commands_from_bodies import BODIES, COMMANDS, to_command
from services.router.command_handling.idempotency import fingerprint
from services.router.command_handling.pack_lookups import Context
from services.router.domain.commands.command import Actor
from services.router.domain.commands.registry import RULES
from tests.kit.free_texts import filled
from tests.kit.made_cases import T0
from tests.kit.made_reports import harbour
from tests.kit.made_services import routed

CODES: dict[str, Any] = {
    **dict.fromkeys(("to", "body", "into"), "quayside"),
    **{name: ["works"] for name in ("units", "parties")},
    "category": "flooding",
    "part": "p1",
    "report": "r1",
    "reports": ["r1"],
    "photos": ["f1"],
}


def test_every_command_has_a_rule_and_a_body() -> None:
    assert COMMANDS.keys() == RULES.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_of_its_body_the_command_of_that_name_is_made(name: str) -> None:
    case, _, _ = routed()
    codes = {**CODES, "reason": "part_ordered"} if name == "pause" else CODES
    made, _ = filled(name, BODIES[name], codes)
    context = Context(case, Actor("qs-desk", case.unit, "duty_officer"), harbour(), T0)
    assert type(to_command(name, msgspec.convert(made, BODIES[name]), context)) is RULES[name].command


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("claim", {}, "30f05643afc916c698ddd7b0f9631a15ddc8033655aa187df33489bbb73fd75d"),
        ("note", {"text": "再看"}, "7062490342216fa6d4efc8f232bfffd84d2029fd105245c26d56b52cda6e5d71"),
        (
            "pause",
            {"clock": "resolve", "reason": "weather", "until": "2026-03-02T08:00:00+08:00"},
            "88296b8e28d0d44a9477aea5944a8c50f723983c79bb784c6befa0ded931eab4",
        ),
    ],
)
def test_a_fingerprint_is_the_same_in_every_version(name: str, sent: dict[str, Any], stored: str) -> None:
    """Keys are remembered as long as their cases, longer than a version runs."""
    assert fingerprint(name, msgspec.convert(sent, BODIES[name])) == stored
