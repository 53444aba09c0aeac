"""What an alert says of a case's event: what is late or asked, where, what it is about, and what somebody said.

No personal data; of a confidential case no words. The place is said once.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from services.notifier.alerts.clock_words import clock_name, late_or_left, moment
from services.notifier.alerts.wording import sensitive_text
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent, CaseState
from shared.kernel.vocabulary import ClockKind

TEXT_MAX = 300
_GOES_ON = re.compile(r"(?<=楼)[道顶梯层上下]|(?<=\d)\d")
"""A word of which the place is only the beginning: 2号楼道, 2号楼顶, 23号."""
_Say = Callable[[CaseEvent, ClockKind, Pack, bool], str]


def text(type_: str, at: datetime, data: CaseEvent, pack: Pack) -> str:
    """The text of an alert of the event ``type_`` that happened ``at``, at most 300 characters.

    In this order: the clock and by how much, whose part it is, unit, category, how often it was reported, the place,
    what an officer asks or why, and the reporter's text.
    """
    case, chinese = data.case, pack.city.languages[0].startswith("zh")
    part = next((unit_name(p.unit, pack) for p in case.parts if p.id == data.part and p.unit in pack.units), None)
    named = (*_happened(type_, at, data, pack), part, unit_name(case.unit, pack))
    if case.confidential:
        return _line((*named, "隐名上报" if chinese else "confidential"))
    if case.sensitive is not None:
        return _line((*named, sensitive_text(case.sensitive, pack)))
    many = f"同一问题（{case.report_count}人上报）" if chinese else f"reported {case.report_count} times"
    said = many if case.report_count > 1 else None
    place, summary = _said_once(case, pack)
    told = None if data.told is None else f"“{_told(type_, data.told, pack)}”"
    return _line((*named, category_name(case, pack), said, place, told, summary))


def _told(type_: str, words: str, pack: Pack) -> str:
    """The officer's words; the reason of a pause is a code of the pack, which has its name."""
    reason = pack.pause_reasons.get(words) if type_ == "clock.pause_requested.v1" else None
    if reason is None:
        return words
    return reason.name if pack.city.languages[0].startswith("zh") or not reason.name_en else reason.name_en


def _line(words: Iterable[str | None]) -> str:
    return " · ".join(filter(None, words))[:TEXT_MAX]


def unit_name(id_: str, pack: Pack) -> str:
    """The unit's name in the city's first language; its id if the pack does not know it any more."""
    unit = pack.units.get(id_)
    if unit is None:
        return id_
    return unit.name if pack.city.languages[0].startswith("zh") or not unit.name_en else unit.name_en


def category_name(case: CaseState, pack: Pack) -> str:
    """The category's name in the city's first language; its code if the pack does not know it any more."""
    category = pack.categories.get(case.category)
    if category is None:
        return case.category
    chinese = pack.city.languages[0].startswith("zh")
    return category.name if chinese or not category.name_en else category.name_en


def _said_once(case: CaseState, pack: Pack) -> tuple[str | None, str | None]:
    """Place and summary. A summary that begins with the place goes on after it, unless that is within a word; one that
    has it within has it alone."""
    place, summary = case.place, case.summary
    if not place or not summary:
        return place, summary
    if summary.startswith(place) and not _GOES_ON.match(summary, len(place)):
        return place, summary[len(place) :].lstrip(" ，,。.：:、;；") or None
    within = pack.in_one_form(place) in pack.in_one_form(summary)
    return (None if within else place), summary


def group_text(case: CaseState, pack: Pack) -> str | None:
    """What a group reads of a case about people instead of the text: that there is one. None for all other cases."""
    if not about_people(case, pack):
        return None
    category, chinese = pack.categories.get(case.category), pack.city.languages[0].startswith("zh")
    if case.kind == "need" or (category is not None and category.pages):
        return "某网格求助，请登录查看" if chinese else "Somebody in a grid needs help: sign in to read it"
    return "某网格有工单，请登录查看" if chinese else "There is a case in a grid: sign in to read it"


def about_people(case: CaseState, pack: Pack) -> bool:
    """Whether it is about a person or otherwise nothing for a group: a need, a clue, a confidential or ``discreet``
    case, or as its category says (``about_people``)."""
    return case.confidential or case.discreet or pack.about_people(case.category, case.kind)


def _happened(type_: str, at: datetime, data: CaseEvent, pack: Pack) -> tuple[str | None, ...]:
    """What the event says of a clock, or of who has to decide; empty for most events."""
    chinese = pack.city.languages[0].startswith("zh")
    if type_ == "case.escalated.v1" and data.clock is None and data.by is None and data.act == "tell":
        return ("已两次不接收，请裁定" if chinese else "refused twice: decide who takes it",)
    if type_ == "case.follow_up.v1" and data.case.outcome is not None and data.case.outcome.how == "long_term":
        return (_kept(data.due_at, at, chinese),)
    if type_ in _RULED:
        return (_RULED[type_][not chinese],)
    if data.clock is None:
        return ()
    if type_ in _ASKED:
        return (_ASKED[type_](data, data.clock, pack, chinese),)
    if data.due_at is not None and type_ in ("clock.warned.v1", "clock.breached.v1", "case.escalated.v1"):
        return (late_or_left(data.clock, data.due_at, at, chinese=chinese),)
    return ()


def _kept(day: datetime | None, at: datetime, chinese: bool) -> str:
    """Of a case that was kept on the books: its day has come, or passed without a decision."""
    late = (at - day).days if day is not None else 0
    if chinese:
        return f"挂账到期已{late}天，尚无新决定" if late else "挂账到期，请重新办理或再次申请挂账"
    return (
        f"kept on the books: {late} d past its day, undecided"
        if late
        else "kept on the books: the day has come, decide"
    )


def _pause_asked(data: CaseEvent, kind: ClockKind, pack: Pack, chinese: bool) -> str:
    name = clock_name(kind, chinese=chinese)
    asked = f"申请挂起{name}时限" if chinese else f"a pause is asked for: {name}"
    return asked + _until(data, pack, chinese)


def _pause_refused(_: CaseEvent, kind: ClockKind, __: Pack, chinese: bool) -> str:
    name = clock_name(kind, chinese=chinese)
    return f"不同意挂起{name}时限" if chinese else f"no pause: {name}"


def _paused(data: CaseEvent, kind: ClockKind, pack: Pack, chinese: bool) -> str:
    name = clock_name(kind, chinese=chinese)
    clock = next((c for c in data.case.clocks if (c.kind, c.part, c.state) == (kind, data.part, "paused")), None)
    until = moment(clock.pauses[-1].until, pack) if clock is not None and clock.pauses else None
    if chinese:
        return f"{name}时限已挂起" + (f"至{until}" if until else "")
    return f"paused: {name}" + (f", until {until} at most" if until else "")


def _extension_asked(data: CaseEvent, kind: ClockKind, pack: Pack, chinese: bool) -> str:
    name = clock_name(kind, chinese=chinese)
    asked = f"申请{name}延期" if chinese else f"an extension is asked for: {name}"
    return asked + _until(data, pack, chinese)


def _until(data: CaseEvent, pack: Pack, chinese: bool) -> str:
    """The time that is asked for, where one is named."""
    if data.until is None:
        return ""
    return f"至{moment(data.until, pack)}" if chinese else f", until {moment(data.until, pack)}"


def _extension_refused(_: CaseEvent, kind: ClockKind, __: Pack, chinese: bool) -> str:
    name = clock_name(kind, chinese=chinese)
    return f"不同意{name}延期" if chinese else f"no extension: {name}"


def _extended(data: CaseEvent, kind: ClockKind, pack: Pack, chinese: bool) -> str:
    name = clock_name(kind, chinese=chinese)
    clock = next((c for c in data.case.clocks if (c.kind, c.part, c.state) == (kind, data.part, "running")), None)
    if clock is None:
        return f"{name}已延期" if chinese else f"extended: {name}"
    until = moment(clock.due_at, pack)
    return f"{name}延期至{until}" if chinese else f"{name}: extended to {until}"


_ASKED: dict[str, _Say] = {
    "clock.pause_requested.v1": _pause_asked,
    "clock.pause_refused.v1": _pause_refused,
    "clock.paused.v1": _paused,
    "clock.extension_requested.v1": _extension_asked,
    "clock.extension_refused.v1": _extension_refused,
    "clock.extended.v1": _extended,
}
"""Event type → what it says of the request for a clock."""
_RULED: dict[str, tuple[str, str]] = {
    "case.return_requested.v1": ("申请退单", "a return is asked for"),
    "case.returned.v1": ("同意退单，二次派单", "the return is granted: sent to another unit"),
    "case.return_refused.v1": ("驳回退单，请办理", "no return: your unit handles it"),
    "case.rejection_requested.v1": ("申请不予受理", "it is asked not to take it on"),
    "case.rejected.v1": ("同意不予受理", "it is not taken on"),
    "case.rejection_refused.v1": ("不同意不予受理，请办理", "it is taken on: your unit handles it"),
    "case.outcome_requested.v1": ("申请办结，请审批", "an ending is asked for"),
    "case.outcome_refused.v1": ("不同意办结，请继续办理", "no ending: work on"),
    "case.objected.v1": ("上报人对不予受理有异议", "the reporter objects to the rejection"),
}
"""Event type → what it says of a request that a level above rules on."""
