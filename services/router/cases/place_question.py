"""A report whose words name places of several units: its reporter is asked which of them is meant.

The case goes on meanwhile, at the unit above them all; a danger is shown to the desks of all of them.
"""

from collections.abc import Callable
from datetime import datetime

from services.router.domain.case_parts.place_question import Candidate, PlaceQuestion
from shared.city.model.ground import Unit
from shared.city.pack import Pack
from shared.city.place.locating import Located
from shared.city.texts.place_question import which_place
from shared.city.texts.reporter_steps import is_chinese
from shared.contracts.reports import ReportSubmitted


def place_question(
    report: ReportSubmitted, located: Located, pack: Pack, until: Callable[[], datetime]
) -> PlaceQuestion | None:
    """The question, open ``until`` then, which is worked out only where somebody is asked; None where the place is
    known, and for what was dealt with long ago."""
    past = report.historic or report.imported_open_at is not None
    if not located.candidates or past or report.sealed or report.confidential:
        return None
    language = pack.city.languages[0]
    named = [(one.place, _name(pack.units[one.unit], language)) for one in located.candidates]
    candidates = tuple(Candidate(one.place, one.unit) for one in located.candidates)
    return PlaceQuestion(report.received_at, which_place(named, language), until(), candidates)


def _name(unit: Unit, language: str) -> str:
    return unit.name if is_chinese(language) or not unit.name_en else unit.name_en
