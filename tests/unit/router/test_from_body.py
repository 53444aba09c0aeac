"""The table of commands over HTTP and the table of rules are about the same commands, and keys keep their meaning."""

from typing import Any

import msgspec
import pytest

from services.router.command_handling.commands_from_bodies import BODIES, COMMANDS, to_command
from services.router.command_handling.idempotency import fingerprint
from services.router.command_handling.pack_lookups import Context
from services.router.domain.commands.command import Actor
from services.router.domain.commands.registry import RULES
from shared.city.reading import read_folder, read_pack
from shared.kernel.errors import Refusal
from tests.kit.free_texts import filled
from tests.kit.made_cases import T0
from tests.kit.made_reports import harbour
from tests.kit.made_services import routed
from tests.packs import HARBOUR

CODES: dict[str, Any] = {
    **dict.fromkeys(("to", "body", "into"), "quayside"),
    "suggest": "millfield",
    **{name: ["works"] for name in ("units", "parties")},
    "category": "flooding",
    "elsewhere": "ombudsman",
    "part": "p1",
    "report": "r1",
    "reports": ["r1"],
    "photos": ["f1"],
}


OF_A_LIST = {"pause": "part_ordered", "return": "not_our_area", "reject": "not_covered"}
"""Commands whose reason is a code of the pack."""


def test_every_command_has_a_rule_and_a_body() -> None:
    assert COMMANDS.keys() == RULES.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_of_its_body_the_command_of_that_name_is_made(name: str) -> None:
    case, _, _ = routed()
    codes = {**CODES, "reason": OF_A_LIST[name]} if name in OF_A_LIST else CODES
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


def resolving(after_photo: str, how: str, photos: list[str]) -> Any:
    """A case of the street light resolved, in a harbour whose category says so about after-photos."""
    files = read_folder(HARBOUR)
    lamp = "{code: street_light, "
    assert lamp in files["categories.yaml"]
    files["categories.yaml"] = files["categories.yaml"].replace(lamp, f"{lamp}after_photo: {after_photo}, ")
    case, _, _ = routed()
    assert case.category == "street_light"
    context = Context(case, Actor("qs-desk", case.unit, "duty_officer"), read_pack(files), T0)
    body = {"how": how, "text": "a new lamp", "photos": photos}
    return to_command("resolve", msgspec.convert(body, BODIES["resolve"]), context)


@pytest.mark.parametrize("how", ["repair", "agreement", "enforcement"])
def test_where_a_photo_is_required_a_case_is_not_resolved_without_one(how: str) -> None:
    with pytest.raises(Refusal) as refusal:
        resolving("required", how, [])
    assert refusal.value.status == 422
    assert [error.pointer for error in refusal.value.errors] == ["/photos"]
    assert "required" in refusal.value.errors[0].detail
    assert resolving("required", how, ["f1"]).photos == ("f1",)


@pytest.mark.parametrize(("after_photo", "how"), [("none", "repair"), ("asked", "repair"), ("required", "referral")])
def test_elsewhere_a_photo_may_be_left_out(after_photo: str, how: str) -> None:
    assert resolving(after_photo, how, []).photos == ()
