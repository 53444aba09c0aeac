"""No page knows a rule: what can be pressed on a case is what the router says is open (``commands``)."""

import re
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.console.app import build
from services.console.case.command_press import pressed
from services.console.frame.forms import Form
from services.router.domain.case import State
from services.router.domain.commands.registry import RULES
from shared.case_page.case_answer import Ask, CallBack, CaseAnswer, Consultation, NotOurs, Ruling, UnitToSendTo
from shared.case_page.next_steps import Reader, step_of
from shared.case_page.rendering import case_page
from shared.case_page.view import case_view
from shared.runtime.settings import Settings
from tests.kit.made_case_answers import ABOVE, DESK, STATES, WORKS, case, look, part
from tests.kit.made_router import SESSION, MadeRouter

ZONE = ZoneInfo("Asia/Shanghai")
EVERY = tuple(RULES)
ASKED = (Ask("pause", "resolve", "x", "weather"), Ask("extension", "resolve", "x", "等配件"))
RULINGS = (
    None,
    *(Ruling(what, asked_by="x", unit="quay") for what in ("return", "reject", "outcome", "objection", "newer")),
    Ruling("return", suggests="works", may_go_to=(UnitToSendTo("works", "住建局"), UnitToSendTo("mill", "磨坊社区"))),
)
AROUND: dict[str, st.SearchStrategy[Any]] = {
    "path": st.sampled_from([("county", "town", "quay"), ("county", "quayside"), ("quay",)]),
    "offered_to": st.sampled_from([None, "works", "quay", "quayside"]),
    "asks": st.sampled_from([(), ASKED, (Ask("extension", "finish_part", "x", part="p1"),)]),
    "parts": st.sampled_from([(), (part(),), (part("reported_in"), part(unit="quayside", id_="p2"), part("finished"))]),
    "ruling": st.sampled_from(RULINGS),
    "consultation": st.sampled_from([None, Consultation("谁来拆？", ("works", "quayside"))]),
    "claimed_by": st.sampled_from([None, "desk", "qs-desk", "somebody"]),
    "suspected": st.sampled_from([(), ("about_us",), ("media", "about_us")]),
    "sensitive": st.sampled_from([None, "media"]),
    "recused": st.sampled_from([(), ("quay",)]),
    "not_ours": st.sampled_from([None, NotOurs("法院")]),
    "call_back": st.sampled_from([None, CallBack("r1"), CallBack(None, tried=1)]),
    "resolved_how": st.sampled_from([None, "long_term", "repair"]),
    "assignee": st.sampled_from([None, "boss"]),
}
SITUATIONS = st.fixed_dictionaries({"state": st.sampled_from(STATES), **AROUND})
SUBSETS = st.sets(st.sampled_from(EVERY)).map(lambda chosen: tuple(name for name in EVERY if name in chosen))
READERS = {"desk": DESK, "above": ABOVE, "called": WORKS}


class Forms(HTMLParser):
    """The forms of a page that post: the fields of each, its own attributes, and how many buttons it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], dict[str, str], int]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        if tag == "form":
            self.found.append((own, {}, 0))
        elif self.found and (name := own.get("name")):
            self.found[-1][1].setdefault(name, own.get("value") or "")
        if self.found and tag == "button" and own.get("type") == "submit":
            about, fields, buttons = self.found[-1]
            self.found[-1] = (about, fields, buttons + 1)

    def __iter__(self) -> Iterator[tuple[dict[str, str | None], dict[str, str]]]:
        for own, fields, buttons in self.found:
            if own.get("method") == "post" and "do" in fields:
                assert buttons == 1, own
                yield own, fields


def offered_on_the_console(page: str) -> set[str]:
    """The commands that the forms of the page send, which are those that they are marked with."""
    sent = set()
    for own, fields in Forms(page):
        press = pressed(Form(fields, {name: [value] for name, value in fields.items()}), ZONE)
        assert press is not None, fields
        assert press.command == own["data-command"]
        sent.add(press.command)
    assert sent == set(re.findall(r'data-command="(\w+)"', page))
    return sent


def offered_behind_a_link(shown: CaseAnswer, reader: Reader) -> set[str]:
    steps = [step_of(fields["do"]) for _, fields in Forms(case_page(case_view(look(shown, reader))))]
    return {step.command for step in steps if step is not None}


@pytest.fixture(scope="module")
def router() -> MadeRouter:
    return MadeRouter()


@pytest.fixture(scope="module")
async def browser(router: MadeRouter) -> AsyncIterator[httpx.AsyncClient]:
    console = build(Settings(), transport=httpx.MockTransport(router))
    headers = {"cookie": f"whistle={SESSION}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(console), base_url="http://console", headers=headers
    ) as client:
        yield client


async def on_the_page(browser: httpx.AsyncClient, router: MadeRouter, shown: CaseAnswer) -> set[str]:
    router.case = msgspec.to_builtins(shown)
    answer = await browser.get("/cases/c1")
    assert answer.status_code == 200
    return offered_on_the_console(answer.text)


@pytest.mark.parametrize("state", STATES)
async def test_of_every_state_and_command_of_the_table_the_page_has_exactly_the_forms(
    browser: httpx.AsyncClient, router: MadeRouter, state: Any
) -> None:
    open_now = [name for name, rule in RULES.items() if State(state) in rule.open_in]
    assert await on_the_page(browser, router, case(state)) == set(open_now)
    for name in open_now:
        assert await on_the_page(browser, router, case(state, commands=(name,))) == {name}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SITUATIONS, SUBSETS)
async def test_the_forms_on_a_cases_page_are_exactly_the_commands_of_the_answer(
    browser: httpx.AsyncClient, router: MadeRouter, situation: dict[str, Any], commands: tuple[str, ...]
) -> None:
    assert await on_the_page(browser, router, case(**situation, commands=commands)) == set(commands)


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=200, deadline=None)
@given(SITUATIONS, SUBSETS)
def test_a_link_offers_of_the_next_steps_exactly_those_that_are_open(
    reader: str, situation: dict[str, Any], commands: tuple[str, ...]
) -> None:
    every = offered_behind_a_link(case(**situation, commands=EVERY), READERS[reader])
    assert offered_behind_a_link(case(**situation, commands=commands), READERS[reader]) == every & set(commands)


@pytest.mark.parametrize("command", EVERY)
async def test_a_command_that_a_newer_router_has_takes_no_form_from_the_page(
    browser: httpx.AsyncClient, router: MadeRouter, command: str
) -> None:
    assert await on_the_page(browser, router, case("claimed", commands=(command, "of_tomorrow"))) == {command}
