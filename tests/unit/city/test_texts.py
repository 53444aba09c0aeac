"""Standard texts of a pack: every fault with its place, rendering that fills names and nothing else, words for all."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from deploy.main import build
from services.router.domain.case import State
from shared.city.pack import Pack
from shared.city.preview import example, preview
from shared.city.problems import PackProblems, Problem
from shared.city.reading import read_folder, read_pack
from shared.city.texts.reporter_steps import OF_CASE, REPORTER_STEPS, STEPS, WITHOUT_CASE, ReporterStep, may_name, word
from shared.city.texts.texts import BUILT_IN, LONGEST_SENTENCE, template
from shared.kernel.vocabulary import ENDED_STATES
from tests.kit.stack import ROOT
from tests.packs import HARBOUR, SHEYANG, pack_of

LANGUAGES = ("zh", "en")
EVERY_NAME = sorted({name for state in REPORTER_STEPS for name in may_name(state)})


def with_texts(*entries: Any) -> dict[str, str]:
    """The harbour's files, in English, with these texts."""
    return {**read_folder(HARBOUR), "texts.yaml": json.dumps({"texts": entries}, ensure_ascii=False)}


def pack(*entries: Any) -> Pack:
    return read_pack(with_texts(*entries))


def faults(*entries: Any) -> list[Problem]:
    with pytest.raises(PackProblems) as found:
        pack(*entries)
    return found.value.problems


def says(text: str, state: str = "claimed", **more: Any) -> dict[str, Any]:
    return {"state": state, "says": {"en": text}, **more}


@pytest.mark.parametrize(
    ("entry", "place", "message", "hint"),
    [
        (says("Hello", "claimd"), "/texts/0/state", "Invalid enum value 'claimd'", "waiting_reporter"),
        (says("{who} has it"), "/texts/0/says/en", "unknown placeholder {who}", "{unit}"),
        (says("{unit.name}"), "/texts/0/says/en", "unknown placeholder {unit.name}", "{unit}"),
        (says("{unit!r}"), "/texts/0/says/en", "unknown placeholder {unit!r}", "{unit}"),
        (says("{minutes} left"), "/texts/0/says/en", "unknown placeholder {minutes}", "'claimed' has"),
        (says("{unit} has it", "accepted"), "/texts/0/says/en", "unknown placeholder {unit}", "{report}"),
        (says("{}"), "/texts/0/says/en", "unknown placeholder {}", "{unit}"),
        (says("{{unit}}"), "/texts/0/says/en", "belongs to no placeholder", "{unit}"),
        (says("100 % } done"), "/texts/0/says/en", "belongs to no placeholder", "{unit}"),
        (says("x" * 201), "/texts/0/says/en", "201 characters; at most 200", "shorter"),
        (says("  "), "/texts/0/says/en", "empty", "built-in"),
        (says("one\ntwo"), "/texts/0/says/en", "line break", "one line"),
        (says("\u202etwo"), "/texts/0/says/en", "cannot be seen", "one line"),
        ({"state": "closed", "says": {}}, "/texts/0/says", "no text in 'en'", "give en"),
        ({"state": "closed", "says": {"en": "a", "fy": "b"}}, "/texts/0/says/fy", "'fy' is no language", "they are en"),
        ({"state": "closed", "says": {"en": 7}}, "/texts/0/says", "Expected `str`", ""),
        (says("x", category="lamps"), "/texts/0/category", "no category 'lamps'", ""),
        (says("x", category=[]), "/texts/0/category", "length >= 1", ""),
        (says("x", "accepted", category="other"), "/texts/0/category", "it has no category", "leave"),
        (says("x", sayz="y"), "/texts/0/sayz", "unknown field 'sayz'", "says"),
        ({"state": "closed"}, "/texts/0", "`says` is missing", ""),
    ],
)
def test_each_fault_is_told_with_its_place_and_what_to_do(entry: Any, place: str, message: str, hint: str) -> None:
    (found,) = faults(entry)
    assert (found.file, found.place.split(" ")[0]) == ("texts.yaml", place)
    assert message in found.message
    assert hint in found.hint


def test_every_language_of_the_city_needs_a_text() -> None:
    files = with_texts(says("Taken"))
    files["city.yaml"] = files["city.yaml"].replace("[en]", "[nl, en]")
    with pytest.raises(PackProblems) as found:
        read_pack(files)
    assert str(found.value).endswith("no text in 'nl', a language of city.yaml — give nl, en")


def test_a_text_that_is_given_twice_is_told_of_the_second() -> None:
    (twice,) = faults(says("a"), says("b", category="other"), says("c", category=["street_light", "other"]))
    assert (twice.place.split(" ")[0], twice.message) == ("/texts/2/state", "'claimed' of 'other' is given 2 times")
    assert "'claimed' is given 2 times" in faults(says("a"), says("b"))[0].message


def test_the_longest_text_and_every_name_of_a_state_are_taken() -> None:
    pack(says("x" * LONGEST_SENTENCE))
    for state in REPORTER_STEPS:
        pack(says("".join(f"{{{name}}}" for name in sorted(may_name(state))), state))


@given(st.sampled_from(REPORTER_STEPS), st.sampled_from(EVERY_NAME) | st.text(max_size=12))
def test_only_names_of_the_list_are_placeholders(state: ReporterStep, name: str) -> None:
    written = template(f"{{{name}}}")
    known = name in may_name(state)
    assert (written.names == (name,) and not written.has_stray_brace) or "{" in name or "}" in name
    assert state == "clock.extended" or BUILT_IN.step(state, "en", None, {name: "x"}) == word(state, "en")
    if not known:
        assert written.fill(dict.fromkeys(may_name(state), "x")) is None


@given(
    st.lists(st.tuples(st.text(st.characters(exclude_characters="{}")), st.sampled_from(EVERY_NAME)), max_size=6),
    st.dictionaries(st.sampled_from(EVERY_NAME), st.text() | st.sampled_from(["{unit}", "{0}", "{unit.__class__}"])),
)
def test_what_is_filled_in_is_never_read(parts: list[tuple[str, str]], values: dict[str, str]) -> None:
    written = "".join(f"{literal}{{{name}}}" for literal, name in parts)
    filled = template(written).fill(values)
    if any(name not in values for _, name in parts):
        assert filled is None
    else:
        assert filled == "".join(literal + values[name] for literal, name in parts)


def test_a_text_of_the_category_goes_before_the_general_one_and_both_before_the_built_in() -> None:
    texts = pack(says("{unit} has it"), says("{unit} has the lamp", category=["street_light", "flooding"])).texts
    values = {"unit": "{unit}"}
    assert texts.step("claimed", "en", "street_light", values) == "{unit} has the lamp"
    assert texts.step("claimed", "en", "other", values) == "{unit} has it"
    assert texts.message("claimed", "en", "other", values) == "{unit} has it"
    assert texts.step("closed", "en", "other", values) == "Closed"
    assert texts.step("claimed", "zh", "other", values) == "已接单"


def test_a_text_that_names_what_is_not_there_makes_way() -> None:
    texts = pack(says("Due {resolve_by}"), says("There by {on_site_by}", category="other")).texts
    assert texts.step("claimed", "en", "other", {"resolve_by": "noon"}) == "Due noon"
    assert texts.step("claimed", "en", "other", {}) == "Taken on"
    assert texts.message("claimed", "en", "other", {"unit": "Quayside"}) == "Taken on: Quayside"


def test_every_state_and_step_has_built_in_words_in_both_languages() -> None:
    assert {state.value for state in State} <= set(REPORTER_STEPS)
    assert set(REPORTER_STEPS) >= ENDED_STATES
    assert set(STEPS.values()) | {"feedback"} == set(REPORTER_STEPS)
    for state in REPORTER_STEPS:
        chinese, english = (BUILT_IN.step(state, language, None, {}) for language in LANGUAGES)
        assert chinese and english.isascii() and not chinese.isascii()
        values = {"unit": "U", "promise": "10分钟内", "reports": "3"}
        for language in LANGUAGES:
            said = BUILT_IN.message(state, language, None, values)
            assert "U" in said and "{" not in said
        assert BUILT_IN.message(state, "zh", None, {})
    assert BUILT_IN.message("queued", "zh", None, values) == "收到！已派给【U】，10分钟内响应"


def test_the_page_on_packs_names_every_state_and_placeholder() -> None:
    page = (ROOT / "docs" / "city-pack.md").read_text(encoding="utf-8").partition("## texts.yaml")[2]
    assert set(REPORTER_STEPS) <= set(re.findall(r"`([a-z_.]+)`", page))
    assert set(re.findall(r"`{([a-z_]+)}`", page)) == set(EVERY_NAME)


@pytest.mark.parametrize("folder", [HARBOUR, SHEYANG], ids=lambda folder: folder.name)
def test_the_preview_shows_every_state_in_every_language(folder: Path) -> None:
    shown = preview(pack_of(folder))
    languages = pack_of(folder).city.languages
    general = [(one.state, one.language) for one in shown if one.category is None]
    assert general == [(state, language) for state in REPORTER_STEPS for language in languages]
    assert all(one.step and "{" not in one.step + (one.message or "") for one in shown)
    assert {one.state for one in shown if one.message is None} >= WITHOUT_CASE


def test_the_preview_tells_whose_words_they_are() -> None:
    mine = pack(says("{unit} has it, {resolve_by}"), says("The lamp is lit", "closed", category="street_light"))
    shown = {(one.state, one.category): one for one in preview(mine)}
    assert (shown["claimed", None].by, shown["claimed", None].step) == ("pack", "Quayside has it, 10:00 today")
    assert (shown["closed", None].by, shown["closed", None].step) == ("default", "Closed")
    assert (shown["closed", "street_light"].by, shown["closed", "street_light"].step) == ("pack", "The lamp is lit")
    assert example(mine, "claimed", "en").keys() >= OF_CASE


def test_the_command_prints_the_preview_of_a_folder(tmp_path: Path) -> None:
    for name, text in with_texts(says("{unit} has it")).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = CliRunner().invoke(build(), ["city", "preview", str(tmp_path), "--json"])
    assert told.exit_code == 0, told.output
    rows = {row["state"]: row for row in json.loads(told.stdout)["reporters"]}
    assert (rows["claimed"]["by"], rows["claimed"]["step"]) == ("pack", "Quayside has it")
    assert rows["queued"]["message"].startswith("Received! Quayside has it")
    table = CliRunner().invoke(build(), ["city", "preview", str(SHEYANG)])
    assert "收到！已派给【条心社区】，10分钟内响应" in table.stdout
    assert "已签收：条心社区" in table.stdout
    assert "到场超时12分钟 · 条心社区" in table.stdout
    assert {row["kind"] for row in json.loads(told.stdout)["alerts"]} >= {"new", "inspect", "duty"}


def test_the_command_says_what_is_wrong_with_a_pack(tmp_path: Path) -> None:
    told = CliRunner().invoke(build(), ["city", "preview", str(tmp_path / "none")])
    assert (told.exit_code, "no such folder" in told.stderr, "whistle city check" in told.stderr) == (1, True, True)
