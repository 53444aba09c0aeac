"""Areas hold for a time: a report goes where the map of its day says, whatever the pack plans for later."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.notifier.alerts.recipient_resolution import people_reached
from services.notifier.domain.recipients import Notice
from services.router.cases.routing import assign_each
from shared.city.pack import Pack
from shared.city.place.locating import LocateRequest
from shared.city.reading import read_folder, read_pack
from shared.contracts.reports import Place, ReportSubmitted
from tests.packs import HARBOUR

CHANGE = date(2026, 7, 1)
POINT = (4.32, 52.12)
OWNER_BEFORE, OWNER_AFTER = "quayside", "millfield"


def moved_pack() -> Pack:
    """The harbour, where on ``CHANGE`` the quayside's ground becomes the old town's and the other way round."""
    files = read_folder(HARBOUR)
    areas = json.loads(files["areas.geojson"])
    swapped: list[Any] = []
    for feature in areas["features"]:
        unit = feature["properties"]["unit"]
        if unit in (OWNER_BEFORE, OWNER_AFTER):
            other = OWNER_AFTER if unit == OWNER_BEFORE else OWNER_BEFORE
            later = {"unit": other, "valid_from": CHANGE.isoformat()}
            swapped.append({**feature, "properties": {"unit": unit, "valid_to": CHANGE.isoformat()}})
            swapped.append({**feature, "properties": later})
        else:
            swapped.append(feature)
    return read_pack({**files, "areas.geojson": json.dumps({**areas, "features": swapped})})


def report(number: int, at: datetime, pack: Pack) -> ReportSubmitted:
    return ReportSubmitted(
        report=f"r{number}",
        app="app",
        kind="hazard",
        description="lamp out",
        place=Place(lon=POINT[0], lat=POINT[1]),
        received_at=at,
        pack_version=pack.version,
        cell="c",
        category="street_light",
    )


def owners(days: Sequence[datetime]) -> list[str]:
    pack = moved_pack()
    reports = [report(number, at, pack) for number, at in enumerate(days)]
    return [case.unit for case, _ in assign_each(reports, "harbour", pack)]


def test_a_report_goes_where_the_map_of_its_day_says_not_tomorrows() -> None:
    midnight = datetime(2026, 6, 30, 22, tzinfo=UTC)  # 00:00 of the first of July in Amsterdam
    second = timedelta(seconds=1)
    assert owners([midnight - second, midnight]) == [OWNER_BEFORE, OWNER_AFTER]


def test_a_batch_that_spans_a_change_of_the_map_is_placed_report_by_report() -> None:
    before, after = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    assert owners([after, before, after, before]) == [OWNER_AFTER, OWNER_BEFORE, OWNER_AFTER, OWNER_BEFORE]


def test_each_question_is_answered_as_alone_whatever_day_the_others_ask_for() -> None:
    pack = moved_pack()
    asked = [LocateRequest(POINT, "quay", None, date(2026, month, 1)) for month in (1, 7, 6, 12)]
    assert pack.locate_each(asked) == [pack.locate(POINT, "quay", on=one.on) for one in asked]


def test_the_last_resort_is_somebody_whose_appointment_lasts() -> None:
    files = read_folder(HARBOUR)
    ended = (
        "  - {id: former, name: Former, unit: oosterhaven, role: supervisor, post: A,"
        " valid_from: 2020-01-01, valid_to: 2021-01-01}\n"
    )
    by_day = 'unit: oosterhaven, role: duty_officer, post: A, shifts: [{hours: "08:00-18:00"}]}'
    files["posts.yaml"] = (
        files["posts.yaml"]
        .replace("people:\n", "people:\n" + ended)
        .replace("unit: oosterhaven, role: duty_officer, post: A}", by_day)
    )
    night = datetime(2026, 7, 4, 1, tzinfo=UTC)
    told = people_reached(Notice("new", "oosterhaven", "A"), read_pack(files), night)
    assert [person.id for person in told] == ["oh-desk"]


@pytest.mark.parametrize("day", [None, CHANGE])
def test_without_a_day_the_areas_after_the_last_change_hold(day: date | None) -> None:
    assert moved_pack().locate(POINT, on=day).unit == OWNER_AFTER
