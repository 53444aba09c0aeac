"""A case as a row of a platform's sheet: the texts of its columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.router.cases.case_views import tightest
from services.router.domain.case import Case
from shared.city.bridges import BridgeLookup
from shared.city.model.bridges import CODED_FIELDS, BridgeField
from shared.city.pack import Pack
from shared.city.place.datum import from_wgs84
from shared.contracts.persons import KnownReporter

POINT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Item:
    """A case that goes out. ``reporter``: who reported it, where that goes out too; ``number``: the one that the
    platform gave to it where it began here."""

    case: Case
    reporter: KnownReporter | None = None
    number: str = ""


def headings(bridge: BridgeLookup) -> list[str]:
    return [column.name for column in bridge.entry.columns]


def row_of(item: Item, bridge: BridgeLookup, pack: Pack) -> list[str]:
    """The texts in the order of the columns; what the case does not have is empty."""
    return [_text(column.shows, item, bridge, pack) for column in bridge.entry.columns]


def outside_number(case: Case, bridge: BridgeLookup) -> str:
    """The platform's own number of the case, by its newest report that came from there."""
    numbers = [
        report.outside_number
        for report in reversed(case.reports)
        if report.outside_number is not None and (report.app == bridge.app or report.channel == bridge.entry.channel)
    ]
    return numbers[0] if numbers else ""


def _text(field: BridgeField, item: Item, bridge: BridgeLookup, pack: Pack) -> str:
    if field in CODED_FIELDS:
        codes = bridge.codes(item.case.category)
        return str(getattr(codes, field)) if codes is not None else ""
    if field == "outside_number":
        return outside_number(item.case, bridge) or item.number
    if field == "reporter_name":
        return item.reporter.name or "" if item.reporter is not None else ""
    if field == "reporter_phone":
        return item.reporter.phone or "" if item.reporter is not None else ""
    return _OF_CASE[field](item.case, bridge, pack)


def _time(of: Callable[[Case], datetime | None], case: Case, bridge: BridgeLookup, pack: Pack) -> str:
    at = of(case)
    return at.astimezone(pack.posts.zone).strftime(bridge.entry.dates) if at is not None else ""


def _point(at: int, case: Case, bridge: BridgeLookup, pack: Pack) -> str:
    lon, lat = case.location.lon, case.location.lat
    if lon is None or lat is None:
        return ""
    return f"{from_wgs84(lon, lat, bridge.entry.crs)[at]:.{POINT_DIGITS}f}"


def _unit_name(case: Case, bridge: BridgeLookup, pack: Pack) -> str:
    return pack.units[case.unit].name if case.unit in pack.units else case.unit


def _grid_name(case: Case, bridge: BridgeLookup, pack: Pack) -> str:
    return pack.units[case.within].name if case.within is not None and case.within in pack.units else ""


def _rejection(case: Case, bridge: BridgeLookup, pack: Pack) -> str:
    """Why it was not taken on, by the pack's list; empty for every other case."""
    reason = pack.rejection_reasons.get(case.rejection.reason) if case.rejection is not None else None
    return reason.name if reason is not None else ""


def _changed_at(case: Case) -> datetime | None:
    return case.history[-1].at if case.history else None


_OF_CASE: Mapping[BridgeField, Callable[[Case, BridgeLookup, Pack], str]] = {
    "id": lambda case, bridge, pack: case.id,
    "description": lambda case, bridge, pack: case.description,
    "address": lambda case, bridge, pack: case.location.address or case.location.place or "",
    "lon": partial(_point, 0),
    "lat": partial(_point, 1),
    "unit_code": lambda case, bridge, pack: bridge.unit_code(case.unit),
    "unit_name": _unit_name,
    "grid_code": lambda case, bridge, pack: bridge.grid_code(case.within),
    "grid_name": _grid_name,
    "state": lambda case, bridge, pack: bridge.of_state(case.state.value).entry.theirs,
    "reported_at": partial(_time, lambda case: case.opened_at),
    "due_at": partial(_time, tightest),
    "state_at": partial(_time, _changed_at),
    "how": lambda case, bridge, pack: bridge.outcome_word(case.resolved_how),
    "reason": _rejection,
    "result": lambda case, bridge, pack: case.outcome.text or "" if case.outcome is not None else "",
}
