"""Commitments, rules, calendars and people: the most specific holds, the first rule wins, somebody is on duty."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from shared.city.problems import PackProblems
from shared.city.reading import read_folder, read_pack
from shared.kernel.durations import parse_duration
from shared.kernel.working_time import ALWAYS, deadline
from tests.packs import HARBOUR, SHEYANG, pack_of


def ids(people: tuple[object, ...]) -> list[str]:
    return [person.id for person in people]  # type: ignore[attr-defined]


def test_the_deeper_unit_then_the_category_then_the_class_holds() -> None:
    files = read_folder(HARBOUR)
    files["commitments.yaml"] = """
- {id: all, class: default, acknowledge: PT1H, resolve: P1D}
- {id: danger, class: danger, acknowledge: PT1H, resolve: P1D}
- {id: water, class: water, acknowledge: PT1H, resolve: P1D}
- {id: flood, category: flooding, acknowledge: PT1H, resolve: P1D}
- {id: quay-all, unit: quayside, class: default, acknowledge: PT1H, resolve: P1D}
- {id: quay-lamp, unit: quayside, category: street_light, acknowledge: PT1H, resolve: P1D}
"""
    pack = read_pack(files)
    town, quay = pack.units["oosterhaven"].path, pack.units["quayside"].path
    assert pack.commitment_for("flooding", town).id == "flood"
    assert pack.commitment_for("quay_wall", town).id == "water", "the class comes before the priority"
    assert pack.commitment_for("other", town).id == "all"
    assert pack.commitment_for("other", town, priority="danger").id == "danger"
    assert pack.commitment_for("street_light", quay).id == "quay-lamp"
    assert pack.commitment_for("flooding", quay).id == "quay-all", "the deeper unit comes before the category"


def test_a_commitment_may_be_for_some_priorities_and_kinds_and_the_one_that_says_more_holds() -> None:
    files = read_folder(HARBOUR)
    files["commitments.yaml"] = """
- {id: all, class: default, acknowledge: PT1H, resolve: P1D}
- {id: danger, class: danger, acknowledge: PT1H, resolve: P1D}
- {id: lamp, category: street_light, priority: [normal, low], acknowledge: PT1H, resolve: P1D}
- {id: paper, class: default, kind: [opinion, need], acknowledge: PT1H, resolve: P1D}
- {id: small-paper, class: default, kind: opinion, priority: low, acknowledge: PT1H, resolve: P1D}
"""
    pack = read_pack(files)
    town = pack.units["oosterhaven"].path
    found = {
        (category, priority, kind): pack.commitment_for(category, town, priority, kind).id
        for category, priority, kind in [
            ("street_light", "normal", "hazard"),
            ("street_light", "danger", "hazard"),
            ("street_light", "urgent", "opinion"),
            ("other", "normal", "hazard"),
            ("other", "normal", "need"),
            ("other", "low", "opinion"),
            ("other", "normal", None),
        ]
    }
    assert list(found.values()) == ["lamp", "danger", "paper", "all", "paper", "small-paper", "all"]


def test_of_two_commitments_for_the_same_one_is_wrong_unless_they_are_for_other_priorities() -> None:
    files = read_folder(HARBOUR)
    twice = "- {class: default, priority: low, acknowledge: PT1H, resolve: P1D}\n"
    files["commitments.yaml"] = "- {class: default, acknowledge: PT1H, resolve: P1D}\n" + twice
    read_pack(files)
    files["commitments.yaml"] += twice.replace("low", "[low]")
    with pytest.raises(PackProblems, match="another commitment for the same thing"):
        read_pack(files)


@pytest.mark.parametrize("folder", [SHEYANG, HARBOUR])
def test_danger_and_urgent_count_at_every_hour_and_only_a_danger_is_taken_over(folder: Path) -> None:
    """连续计时, 值班时段, 工作日: the packs that the project ships."""
    pack = pack_of(folder)
    for unit in pack.units.values():
        for category in pack.categories:
            for priority in ("danger", "urgent", "normal", "low"):
                for kind in ("hazard", "opinion", "need"):
                    promise = pack.commitment_for(category, unit.path, priority, kind)
                    at_any_hour = promise.calendar == "always"
                    assert at_any_hour or priority in ("normal", "low"), (category, priority, promise.id)
                    taken = any(step.move_to for step in promise.ladder)
                    assert not taken or priority == "danger" or promise.class_ == "danger", (category, promise.id)


def test_sheyangs_lamps_wait_for_the_desk_and_its_opinions_for_a_working_day() -> None:
    pack = pack_of(SHEYANG)
    path = pack.units["jiaotonglu"].path
    assert pack.commitment_for("corridor_light", path, "normal", "hazard").calendar == "desk"
    assert pack.commitment_for("water_pipe", path, "normal", "hazard").calendar == "desk", "it drips"
    assert pack.commitment_for("garbage", path, "normal", "opinion").calendar == "office"
    assert pack.commitment_for("rider_need", path, "low", "need").calendar == "office"


def test_sheyang_promises_what_the_accounts_say() -> None:
    pack = pack_of(SHEYANG)
    path = pack.units["jiaotonglu"].path
    assert pack.commitment_for("water_pipe", path).acknowledge == "PT10M"
    for lamp in ("street_light", "corridor_light"):
        assert pack.commitment_for(lamp, path).resolve == "PT8H"
    for category in pack.categories:
        commitment = pack.commitment_for(category, path)
        pack.calendar(commitment.calendar)
        assert any(pack.target(step.tell or "", "jiaotonglu") == "sheyang" for step in commitment.ladder)


def test_targets_are_seen_from_a_unit() -> None:
    pack = pack_of(SHEYANG)
    seen = [pack.target(word, "jiaotonglu") for word in ("own", "parent", "county", "police", "nothing")]
    assert seen == ["jiaotonglu", "hede", "sheyang", "police", None]
    assert pack.target("parent", "sheyang") is None
    assert pack.target("parent", "jiaotonglu-g1") == "jiaotonglu"


def test_the_first_rule_that_holds_wins() -> None:
    pack = pack_of(SHEYANG)
    path = pack.units["jiaotonglu"].path

    def rule(category: str, text: str, priority: str | None = None) -> str | None:
        found = pack.rule_for(category, "hazard", "app", text, path, priority)
        return found.id if found else None

    assert rule("flying_wire_charging", "二楼拉线充电，还在下雨") == "wet-charging"
    assert rule("flying_wire_charging", "二楼拉线充电") is None
    assert rule("street_light", "路灯修好了") == "repaired-or-praise"
    assert rule("street_light", "上次修好了今天又坏了") is None
    assert rule("parking", "建议划线", "normal") == "suggestion"
    assert rule("fire", "建议快来", "danger") is None


def test_rules_ask_for_kind_and_unit_too() -> None:
    files = read_folder(HARBOUR)
    files["rules.yaml"] = """
- {id: clue, when: {kind: [clue, need], unit: quayside}, then: {goes_to: parent}}
- {id: all, when: {}, then: {priority: low}}
"""
    pack = read_pack(files)
    quay = pack.units["quayside"].path
    found = [
        pack.rule_for("other", kind, "app", "", path) for kind, path in (("clue", quay), ("clue", ()), ("hazard", quay))
    ]
    assert [rule.id if rule else None for rule in found] == ["clue", "all", "all"]


def test_rules_ask_which_app_it_came_from() -> None:
    files = read_folder(HARBOUR)
    files["rules.yaml"] = """
- {id: own-firm, when: {kind: need, app: [harbour-couriers, harbour-couriers-2]}, then: {unit: couriers}}
- {id: trade, when: {kind: need}, then: {unit: dockers}}
"""
    pack = read_pack(files)
    asked = (("need", "harbour-couriers-2"), ("need", "another"), ("hazard", "harbour-couriers"))
    found = [pack.rule_for("other", kind, app) for kind, app in asked]
    assert [rule.id if rule else None for rule in found] == ["own-firm", "trade", None]


def test_calendars_become_the_kernels() -> None:
    pack = pack_of(HARBOUR)
    office = pack.calendar("office")
    assert pack.calendar("always") is ALWAYS
    assert office.timezone == "Europe/Amsterdam"
    assert office.hours[0] == ((time(8, 30), time(17)),)
    assert office.hours[6] == ()
    friday_evening = datetime(2026, 4, 24, 15, 0, tzinfo=UTC)  # 17:00 there, after the cut-off; Monday is a holiday
    assert deadline(friday_evening, parse_duration("PT1H"), office) == datetime(2026, 4, 28, 7, 30, tzinfo=UTC)
    with pytest.raises(KeyError):
        pack.calendar("none")


def test_hours_may_differ_by_weekday_and_run_to_midnight() -> None:
    files = read_folder(HARBOUR)
    files["calendars.yaml"] += '  - {id: late, hours: {mon: ["20:00-24:00"], sat: ["09:00-12:00", "13:00-15:00"]}}\n'
    hours = read_pack(files).calendar("late").hours
    assert [len(spans) for spans in hours] == [1, 0, 0, 0, 0, 2, 0]
    assert hours[0] == ((time(20), time(0)),)


@pytest.mark.parametrize(
    ("unit", "at", "who"),
    [
        ("quayside", "2026-03-03T10:00:00+01:00", ["qs-desk"]),
        ("quayside", "2026-03-03T17:30:00+00:00", ["qs-night"]),
        ("quayside", "2026-03-04T03:00:00+01:00", ["qs-night"]),
        ("quayside", "2026-03-07T10:00:00+01:00", []),
        ("quayside", "2026-03-04T10:00:00+01:00", ["mf-desk"]),
        ("millfield", "2026-03-07T10:00:00+01:00", ["oh-desk"]),
        ("millfield", "2026-03-05T10:00:00+01:00", ["mf-desk"]),
    ],
)
def test_shifts_swaps_and_cover(unit: str, at: str, who: list[str]) -> None:
    assert ids(pack_of(HARBOUR).on_duty(unit, datetime.fromisoformat(at), "A")) == who


def test_people_come_and_go() -> None:
    files = read_folder(HARBOUR)
    files["posts.yaml"] = """
- {id: old, name: a, unit: quayside, role: duty_officer, post: A, valid_to: 2026-01-01}
- {id: new, name: b, unit: quayside, role: duty_officer, post: A, valid_from: 2026-01-01}
"""
    pack = read_pack(files)
    assert ids(pack.people_at("quayside", on=date(2025, 12, 31))) == ["old"]
    assert ids(pack.people_at("quayside", on=date(2026, 1, 1))) == ["new"]
    assert ids(pack.people_at("quayside", "A", frozenset({"supervisor"}))) == []
