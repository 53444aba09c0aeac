"""Which report and case an id belongs to: of an alert, a delivery, an event, a trace, a problem, a telephone."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from shared.kernel.errors import Refusal
from shared.operations.answers import FoundReport, Report, Trace
from shared.operations.asking import Asking

_TRACE = re.compile(r"(?:00-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?")
_LAST_FOUR = re.compile(r"\d{4}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
CASE_OR_REPORT = re.compile(r"[cr][a-z2-7]{26}")
LogLine = dict[str, Any]
Logged = Callable[[str], Sequence[LogLine]]
"""Lines of logs that carry a trace id; what a refused request leaves, and nothing else keeps."""
Why = Literal["empty", "no-such-event", "no-such-trace", "no-such-telephone", "no-such-id"]


class Found(NamedTuple):
    """``logged``: lines of the services' logs that carry what was asked for."""

    report: str | None
    case: str | None
    logged: Sequence[LogLine] = ()


class SeveralReports(Exception):
    """A telephone's last four are of several reports, newest first."""

    def __init__(self, items: Sequence[FoundReport]) -> None:
        super().__init__(f"{len(items)} reports")
        self.items = items


class NotFound(Exception):
    """Nobody who answers knows it. ``searched``: reporters whose telephones were compared."""

    def __init__(self, why: Why, asked: str, searched: int = 0) -> None:
        super().__init__(f"{why}: {asked}")
        self.why = why
        self.asked = asked
        self.searched = searched


def nothing_logged(_: str) -> Sequence[LogLine]:
    """For who cannot read the services' logs."""
    return ()


async def find(asking: Asking, id_: str, logged: Logged = nothing_logged) -> Found:
    """The report and case of ``id_``. Raises ``NotFound``, ``SeveralReports``, ``Refusal``."""
    if not id_.strip():
        raise NotFound("empty", id_)
    if _LAST_FOUR.fullmatch(id_):
        return await _of_case_or_report(asking, await _by_telephone(asking, id_))
    trace = _TRACE.fullmatch(id_)
    if trace is not None:
        return await _of_trace(asking, trace[1], logged)
    if not _ID.fullmatch(id_) or not id_.strip("."):
        raise NotFound("no-such-id", id_)
    return await _of_case_or_report(asking, await _subject(asking, id_))


async def _subject(asking: Asking, id_: str) -> str:
    """The report or case that an event, an alert or a delivery is about; else ``id_`` itself."""
    if "." not in id_ and id_[:1] not in ("a", "d"):
        return id_
    found = await asking.events(id_)
    if found:
        return found[0][1].about
    told = await asking.get("notifier", f"/v1/trace/{id_}", Trace)
    case = told.about if told is not None else None
    if case is None and not asking.missing:
        raise NotFound("no-such-event", id_)
    return case or id_.partition(".")[0]


async def _of_trace(asking: Asking, trace: str, logged: Logged) -> Found:
    lines = logged(trace)
    subjects = [event.about for _, event in await asking.events(trace)]
    subjects += [str(line[name]) for line in lines for name in ("report", "case") if name in line]
    known = [one for one in subjects if CASE_OR_REPORT.fullmatch(one)]
    if known:
        return (await _of_case_or_report(asking, known[0]))._replace(logged=lines)
    if not lines and not asking.missing:
        raise NotFound("no-such-trace", trace)
    return Found(None, None, lines)


async def _of_case_or_report(asking: Asking, subject: str) -> Found:
    """A case goes by the report that opened it."""
    if subject.startswith("r"):
        try:
            told = await asking.get("intake", f"/v1/reports/{subject}", Report)
        except Refusal as refusal:
            if refusal.kind == "second-factor":
                raise
            told = None
        case = told.case.id if told is not None and told.case is not None else None
        return Found(subject, case or (f"c{subject[1:]}" if "intake" in asking.missing else None))
    return Found(f"r{subject[1:]}", subject) if subject.startswith("c") else Found(None, subject)


async def _by_telephone(asking: Asking, last_four: str) -> str:
    """The one report of the telephone."""
    found = await asking.installation.with_telephone(last_four)
    if not found.items:
        raise NotFound("no-such-telephone", last_four, found.searched)
    if len(found.items) > 1:
        raise SeveralReports(found.items)
    return found.items[0].report
