"""The glossary has every word of the code, and its Chinese words are those that Whistle shows."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest

from services.console import page_list
from services.console.case.command_table import COMMANDS
from services.console.duty.week import POSTS
from services.console.frame.languages import LANGUAGES
from services.console.map.pins import LEGEND
from services.console.operations.words import DETAILS, OUTCOMES, SERVICES, STATES, WAYS
from services.console.pages.audit import KINDS
from services.console.pages.my_work import WHAT
from services.console.pages.ops.office import TABS
from services.console.pages.ops.parked import STATES as PARKED
from services.notifier.alerts.wording import title
from services.notifier.domain.recipients import Kind as AlertKind
from services.router.domain.awaited import Awaits
from services.router.domain.case import State
from services.router.domain.commands.registry import RULES
from shared.case_page.next_steps import STEP_NAMES, Step
from shared.case_page.words import WORDS
from shared.city.reading import read_folder, read_pack
from shared.city.texts import reporter_steps
from shared.city.texts.reporter_steps import word
from shared.contracts.catalogue import CATALOGUE
from shared.kernel.vocabulary import (
    Act,
    ClockKind,
    ClockStateName,
    PartStateName,
    Priority,
    ReportKind,
    Role,
    VisitKind,
)
from shared.operations import event_names as words
from tests.kit.stack import ROOT

PAGE = (ROOT / "docs" / "glossary.md").read_text()
ZH = LANGUAGES["zh"]


def rows(name: str) -> dict[str, list[str]]:
    """The rows of the table between its marks: first cell, without backticks → the other cells."""
    table = re.search(rf"<!-- words: {name} -->\n(.*?)<!-- /words -->", PAGE, re.DOTALL)
    assert table is not None, f"the page has no table of {name}"
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table[1].splitlines()]
    return {row[0]: row[1:] for row in cells[2:]}


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("states", State),
        ("commands", RULES),
        ("clocks", get_args(ClockKind)),
        ("clock states", get_args(ClockStateName)),
        ("acts", get_args(Act)),
        ("part states", get_args(PartStateName)),
        ("priorities", get_args(Priority)),
        ("kinds", get_args(ReportKind)),
        ("roles", get_args(Role)),
        ("visits", get_args(VisitKind)),
        ("alerts", get_args(AlertKind)),
    ],
)
def test_every_code_is_in_the_glossary(name: str, codes: Iterable[str]) -> None:
    assert sorted(rows(name)) == sorted(codes)


def test_reporters_read_the_states_as_the_glossary_has_them() -> None:
    assert {state: row[1] for state, row in rows("states").items()} == {state: word(state, "zh") for state in State}  # type: ignore[arg-type]


def test_buttons_and_states_of_links_are_those_of_the_glossary() -> None:
    shown = {name: [WORDS[name][0], Step(name).command] for name in STEP_NAMES}
    assert rows("steps") == shown
    assert {state: row[0] for state, row in rows("states").items()} == {s: WORDS[f"state.{s}"][0] for s in State}
    assert {p: row[0] for p, row in rows("priorities").items()} == {
        p: WORDS[f"priority.{p}"][0] for p in get_args(Priority)
    }


def test_buttons_of_the_console_alone_are_those_of_the_glossary() -> None:
    of_links = {Step(name).command for name in STEP_NAMES}
    label = {name: WORDS[name][0] if name in WORDS else ZH._(one.label) for name, one in COMMANDS.items()}
    assert rows("console commands") == {name: [said] for name, said in label.items() if name not in of_links}


def test_what_waits_for_a_decision_is_called_as_the_glossary_has_it() -> None:
    shown = {what: ZH._(WHAT[what]) if what in WHAT else WORDS[f"ask.{what}"][0] for what in get_args(Awaits)}
    assert {what: row[0] for what, row in rows("waiting").items()} == shown


def test_alerts_are_titled_as_the_glossary_has_them() -> None:
    assert {kind: row[0] for kind, row in rows("alerts").items()} == {
        kind: title(kind, "normal", "zh") for kind in get_args(AlertKind)
    }


def test_visits_are_called_as_their_alerts_are() -> None:
    assert {kind: row[0] for kind, row in rows("visits").items()} == {
        kind: title(kind, "normal", "zh") for kind in get_args(VisitKind)
    }


def test_the_command_line_shows_clocks_and_acts_as_the_glossary_has_them() -> None:
    assert {kind: row[0] for kind, row in rows("clocks").items()} == {k: zh for k, (zh, _) in words.CLOCKS.items()}
    assert {act: row[0] for act, row in rows("acts").items()} == {act: zh for act, (zh, _) in words.ACTS.items()}


def test_the_command_line_shows_events_as_the_glossary_has_their_commands() -> None:
    shown = {event: zh for event, zh, _ in rows("commands").values()}
    assert {event: zh for event, (zh, _) in words.STEPS.items() if event in shown} == shown


def test_the_command_line_has_words_for_every_event_and_every_step_of_a_reporter() -> None:
    types = {type_.rpartition(".")[0] for type_ in CATALOGUE}
    assert set(words.STEPS) == types | set(reporter_steps.STEPS)
    assert words.step("report.unrouted.v2") == words.step("report.unrouted.v1") == words.step("report.unrouted")


def test_sheyangs_levels_are_called_as_the_glossary_has_them() -> None:
    pack = read_pack(read_folder(ROOT / "deploy" / "cities" / "sheyang"))
    assert {level: row[0] for level, row in rows("levels").items()} == dict(pack.city.level_names)


TEMPLATES = ROOT / "services" / "console" / "templates"
HEADED, PRESSED = ("h1", "h2", "h3", "th", "dt", "legend"), ("button", "summary")
OF_WHO_RUNS_IT = ("ops_", "audit", "duty", "wall", "queue_map", "map_parts")
"""Templates whose buttons are no commands of officers: they are terms as well."""
PAGES = ("pages of duty, map and wall", "pages of operations and audit", "other pages")


def said_in(template: Path) -> set[str]:
    """The messages of at most five words that stand as headings, names of values and, on some pages, buttons."""
    tags = (*HEADED, *(PRESSED if template.name.startswith(OF_WHO_RUNS_IT) else ()))
    inside = re.findall(rf"<({'|'.join(tags)})\b[^>]*>(.*?)</\1>", template.read_text(), re.DOTALL)
    found = (re.findall(r"{% trans %}(.*?){% endtrans %}|_\(\"([^\"]+)\"\)", text, re.DOTALL) for _, text in inside)
    said = {pair[0] or pair[1] for pairs in found for pair in pairs}
    return {one for one in said if len(one.split()) <= 5 and not one.endswith("?")}


def terms() -> set[str]:
    """The terms of the console's pages: headings, links between pages, services, ways and states of messages."""
    headed = {said for path in TEMPLATES.glob("*.html") for said in said_in(path)}
    links = {link.label for page in page_list.PAGES for link in page.links} | {label for _, label in TABS}
    tables = (SERVICES, WAYS, STATES, OUTCOMES, PARKED, DETAILS, KINDS, POSTS, dict(LEGEND))
    return headed.union(links, *(table.values() for table in tables))


def test_every_term_of_the_pages_is_in_the_glossary_as_the_pages_say_it() -> None:
    known = {english: row[0] for name in PAGES for english, row in rows(name).items()}
    assert known == {term: ZH._(term) for term in terms()}


def test_a_confidential_report_is_nowhere_called_a_secret() -> None:
    """隐名, as in the table: 保密 reads as a state secret, for which the system is not made."""
    folders = ("services", "shared", "deploy")
    texts = [p for f in folders for s in ("py", "po", "html", "yaml") for p in (ROOT / f).rglob(f"*.{s}")]
    ours = [path for path in texts if "node_modules" not in path.parts]
    assert [str(path.relative_to(ROOT)) for path in ours if "保密" in path.read_text(encoding="utf-8")] == []
