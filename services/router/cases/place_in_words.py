"""Where a report's case is, in words: what the reporter names; for a point alone, what the pack knows near it.

A phone often sends a point and nothing else: its case is at 第1网格，建华园东门以北约60米. A given address stays as it
is. Of a confidential report nothing is worked out.
"""

from collections.abc import Sequence

from shared.city.pack import Pack
from shared.city.place.locating import Located
from shared.contracts.reports import ReportSubmitted


def places_in_words(reports: Sequence[ReportSubmitted], located: Sequence[Located], pack: Pack) -> list[str | None]:
    """For each report the words for its place: None where nobody knows any, or where its address says them."""
    pairs = list(zip(reports, located, strict=True))
    said = [_named(place, pack) for _, place in pairs]
    asked = [n for n, (report, place) in enumerate(pairs) if _only_a_point(report, place)]
    points = [(reports[n].place.lon or 0.0, reports[n].place.lat or 0.0) for n in asked]
    for n, near in zip(asked, pack.near_words_each(points), strict=True):
        said[n] = _joined(located[n], near, pack) or said[n]
    return said


def usable_point(report: ReportSubmitted, located: Located) -> tuple[float, float] | None:
    """Longitude and latitude (WGS-84) that the report was sent with; None where there are none, or where they stand for
    "unknown": no map may show them."""
    lon, lat = report.place.lon, report.place.lat
    return None if lon is None or lat is None or "no_location_point" in located.flags else (lon, lat)


def _named(located: Located, pack: Pack) -> str | None:
    """The place in the words; of several that may be meant, each."""
    several = dict.fromkeys(one.place for one in located.candidates)
    return ("或" if pack.city.languages[0].startswith("zh") else " or ").join(several) or located.place


def _only_a_point(report: ReportSubmitted, located: Located) -> bool:
    """Whether the point says more than the words, which name no place, or one that lies elsewhere."""
    if report.confidential or report.sealed or usable_point(report, located) is None:
        return False
    return "words_disagree" in located.flags or (not located.places and not report.place.address)


def _joined(located: Located, near: str | None, pack: Pack) -> str | None:
    """Grid, road and place. A road that the words name is said although it has no point."""
    chinese = pack.city.languages[0].startswith("zh")
    named = located.place if located.roads and not located.places else None
    road = named if named is not None and named not in (near or "") else None
    return ("，" if chinese else ", ").join(filter(None, (_grid(located, pack, chinese=chinese), road, near))) or None


def _grid(located: Located, pack: Pack, *, chinese: bool) -> str | None:
    """第1网格 of 交通路社区第1网格, which is shown beside its community; None where the ground is the unit's own."""
    if located.within is None or located.within == located.unit:
        return None
    grid, unit = pack.units[located.within], pack.units[located.unit]
    if chinese or not grid.name_en:
        return grid.name.removeprefix(unit.name) or grid.name
    return grid.name_en
