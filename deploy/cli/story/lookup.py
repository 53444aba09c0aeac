"""Which report and case an id belongs to: of an alert, a delivery, an event, a trace, a problem, a telephone."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.cli.api import Failed, JsonObject, Refused
from deploy.cli.story.asking import Asking
from deploy.cli.story.log_lines import lines_with

WANTED = (
    "the id of a report (r…), case (c…), alert (a…), delivery (d…) or event, a traceparent,\n"
    "the trace_id of a problem, or the last four digits of the reporter's telephone"
)
_TRACE = re.compile(r"(?:00-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?")
_LAST_FOUR = re.compile(r"\d{4}")
CASE_OR_REPORT = re.compile(r"[cr][a-z2-7]{26}")


class Found(NamedTuple):
    """``logged``: lines of the services' logs that carry what was asked for."""

    report: str | None
    case: str | None
    logged: Sequence[JsonObject] = ()


class SeveralReports(Exception):
    """A telephone's last four are of several reports; ``items`` as ``POST /v1/reporters:find`` has them."""

    def __init__(self, items: Sequence[JsonObject]) -> None:
        super().__init__(f"{len(items)} reports")
        self.items = items


def find(asking: Asking, id_: str, data: Path) -> Found:
    """The report and case of ``id_``. Failed when nobody who answers knows it; ``SeveralReports``."""
    if not id_.strip():
        raise Failed(f"say what to trace: {WANTED}")
    if _LAST_FOUR.fullmatch(id_):
        return _of_case_or_report(asking, _by_telephone(asking, id_))
    trace = _TRACE.fullmatch(id_)
    if trace is not None:
        return _of_trace(asking, trace[1], data)
    return _of_case_or_report(asking, _subject(asking, id_))


def _subject(asking: Asking, id_: str) -> str:
    """The report or case that an event, an alert or a delivery is about; else ``id_`` itself."""
    if "." not in id_ and id_[:1] not in ("a", "d"):
        return id_
    found = [event for _, event in asking.events(id_)]
    if found:
        return str(about(found[0]))
    case = asking.get("notifier", f"/v1/trace/{id_}").get("about")
    if case is None and not asking.missing:
        raise Failed(f"no service has stored an event, alert or delivery {id_}")
    return str(case or id_.partition(".")[0])


def about(event: JsonObject) -> object:
    """The report or case of an event; of an alert its case."""
    return event["data"].get("case") if event["type"].startswith("alert.") else event["subject"]


def _of_trace(asking: Asking, trace: str, data: Path) -> Found:
    logged = lines_with(data, trace)
    subjects = [str(about(event)) for _, event in asking.events(trace)]
    subjects += [str(line[name]) for line in logged for name in ("report", "case") if name in line]
    known = [one for one in subjects if CASE_OR_REPORT.fullmatch(one)]
    if known:
        return _of_case_or_report(asking, known[0])._replace(logged=logged)
    if not logged and not asking.missing:
        raise Failed(
            f"no service has stored anything in the trace {trace}: it is too long ago, or the request was refused;\n"
            f"a refusal is in the log of the service that answered: look there for {trace}"
        )
    return Found(None, None, logged)


def _of_case_or_report(asking: Asking, subject: str) -> Found:
    """A case goes by the report that opened it."""
    if subject.startswith("r"):
        try:
            case = asking.get("intake", f"/v1/reports/{subject}").get("case") or {}
        except Refused:
            case = {}
        return Found(subject, case.get("id") or (f"c{subject[1:]}" if "intake" in asking.missing else None))
    return Found(f"r{subject[1:]}", subject) if subject.startswith("c") else Found(None, subject)


def _by_telephone(asking: Asking, last_four: str) -> str:
    """The one report of the telephone. Failed for none; ``SeveralReports``."""
    found = asking.api.post("intake", "/v1/reporters:find", {"phone_last": last_four})
    items = found["items"]
    if not items:
        raise Failed(
            f"none of the {found['searched']} reporters who were seen last has a telephone that ends in {last_four}"
        )
    if len(items) > 1:
        raise SeveralReports(items)
    return str(items[0]["report"])
