"""What of a case goes on paper: the page's texts, shortened so that two sheets hold them, and up to four photos."""

import re
from collections.abc import Iterable

import msgspec

from services.console.case.clock_lines import ClockLine
from services.console.case.sheet import Sheet
from services.console.case.timeline import Happened
from services.console.frame.visit import Visit
from shared.kernel.demonstration import demonstration_notice
from shared.kernel.spelling import as_read

PHOTOS_MAX = 4
WORDS_MAX = 700
LINE_MAX = 140
LINES_MAX = 14
"""Lines under one heading; of the history the newest."""
_UNBROKEN = re.compile("[^\\s\u2e80-\uffff]{24}")


class PrintedCase(msgspec.Struct, frozen=True):
    """As ``case.typ`` reads it. ``facts``: name and value; ``parts``: heading and lines; empty ones are not printed."""

    lang: str
    title: str
    standing: str
    id: str
    notice: str
    facts: list[tuple[str, str]]
    description: str
    parts: list[tuple[str, list[str]]]
    foot: str
    """With the date: the texts say 今天."""


def printed(visit: Visit, sheet: Sheet) -> PrintedCase:
    """In the reader's language."""
    view, words, _ = sheet.view, visit.case_words, visit._
    left = sheet.left.said if sheet.left is not None else ""
    facts = [(words("place"), view.place), (words("unit"), view.unit), (view.ground_level, view.ground)]
    facts += [(_("Reported"), sheet.opened), (_("Supervision"), sheet.supervised), (_("Asked"), sheet.question)]
    parts = [
        (words("answers"), view.answers),
        (words("asks"), view.asks),
        (words("clocks"), tuple(_clock(one) for one in sheet.clocks)),
        (words("parts"), view.parts),
        (words("consultation"), view.consultation),
        (_("Reports"), _reports(sheet)),
        (_("History"), tuple(_happened(one) for one in _newest(sheet.milestones))),
    ]
    return PrintedCase(
        lang=visit.language.code,
        title=_plain(view.title),
        standing=_plain(" · ".join(one for one in (view.priority, view.state, left, view.count) if one)),
        id=sheet.id,
        notice=demonstration_notice(visit.language.code) if visit.demonstration else "",
        facts=[(name, _plain(value, 2 * LINE_MAX)) for name, value in facts if value],
        description=_plain(view.description, WORDS_MAX),
        parts=[(name, [_plain(line, LINE_MAX) for line in lines[:LINES_MAX]]) for name, lines in parts],
        foot=_(
            "Printed by %(who)s, %(at)s",
            who=_plain(visit.who.name, 40),
            at=visit.now.astimezone(visit.zone).strftime("%Y-%m-%d %H:%M"),
        ),
    )


def _newest(milestones: list[Happened]) -> Iterable[Happened]:
    """As they happened, the newest last: on paper a history is read downwards."""
    return reversed(milestones[:LINES_MAX])


def _clock(one: ClockLine) -> str:
    return " · ".join(text for text in (one.name, one.said, one.due) if text)


def _happened(one: Happened) -> str:
    return " · ".join(text for text in (one.at, one.what, one.by, one.text) if text)


def _reports(sheet: Sheet) -> tuple[str, ...]:
    several = len(sheet.reports) > 1
    return tuple(
        " · ".join(text for text in (one.at, one.how, one.who, one.words if several else "") if text)
        for one in sheet.reports
    )


def _plain(text: str, most: int = LINE_MAX) -> str:
    """Shortened, without marks that turn the direction of writing, and with places to break where there is no space."""
    short = text if len(text) <= most else f"{text[:most]}…"
    return _UNBROKEN.sub(lambda found: found[0] + "\u200b", as_read(short))
