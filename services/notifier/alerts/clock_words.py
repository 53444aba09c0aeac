"""Clocks in the words of alerts: which one, by how much (到场超时12分钟), and which is the next (下一时限：办结)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent, ClockState
from shared.kernel.vocabulary import ClockKind

CLOCKS: dict[ClockKind, tuple[str, str]] = {
    "acknowledge": ("响应", "response"),
    "on_site": ("到场", "arrival"),
    "resolve": ("办结", "completion"),
    "report_in": ("报到", "reporting in"),
    "finish_part": ("处置", "the part"),
    "confirm": ("补充信息", "the reporter's answer"),
    "review": ("审批", "the ruling"),
}
"""Kind of clock → its name in alerts, Chinese and English."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def clock_name(kind: ClockKind, *, chinese: bool) -> str:
    """响应, "response"."""
    return CLOCKS[kind][not chinese]


def time_span(span: timedelta, *, chinese: bool) -> str:
    """The two largest units of a time, cut to whole minutes: 2小时15分, 40分钟, 3天4小时; "2 h 15 min"."""
    seconds = int(abs(span.total_seconds()))
    days, hours, minutes = seconds // _DAY, seconds % _DAY // _HOUR, seconds % _HOUR // _MINUTE
    if days:
        parts = (f"{days}天", f"{hours}小时") if chinese else (f"{days} d", f"{hours} h")
        return _joined(parts, hours, chinese=chinese)
    if hours:
        parts = (f"{hours}小时", f"{minutes}分") if chinese else (f"{hours} h", f"{minutes} min")
        return _joined(parts, minutes, chinese=chinese)
    return f"{minutes}分钟" if chinese else f"{minutes} min"


def _joined(parts: tuple[str, str], less: int, *, chinese: bool) -> str:
    return parts[0] if not less else ("" if chinese else " ").join(parts)


def late_or_left(kind: ClockKind, due_at: datetime, at: datetime, *, chinese: bool) -> str:
    """到场超时12分钟, 到场已超时 within the first minute, 到场剩余12分钟."""
    name, span = clock_name(kind, chinese=chinese), time_span(at - due_at, chinese=chinese)
    if at < due_at:
        return f"{name}剩余{span}" if chinese else f"{name}: {span} left"
    if at - due_at < timedelta(minutes=1):
        return f"{name}已超时" if chinese else f"{name}: overdue"
    return f"{name}超时{span}" if chinese else f"{name}: {span} overdue"


def moment(at: datetime, pack: Pack) -> str:
    """3月2日9:30, "2 Mar 09:30", by the city's clock."""
    local = at.astimezone(ZoneInfo(pack.city.timezone))
    if pack.city.languages[0].startswith("zh"):
        return f"{local.month}月{local.day}日{local.hour}:{local.minute:02}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"


def next_deadline(data: CaseEvent) -> ClockState | None:
    """The earliest running clock of the case, or of the part that the event is about.

    The time that a level above has to rule is its own: it is named only where the event is about it.
    """
    running = [clock for clock in data.case.clocks if clock.state == "running" and clock.part == data.part]
    running = [clock for clock in running if clock.kind != "review" or data.clock == "review"]
    return min(running, key=lambda clock: clock.due_at, default=None)


def deadline_name(data: CaseEvent, following: ClockState | None, *, chinese: bool) -> str | None:
    """What ``following`` is called: 时限：响应; 下一时限：办结 where another clock is overdue or is told of."""
    if following is None:
        return None
    name = clock_name(following.kind, chinese=chinese)
    other = data.clock is not None and (data.clock, data.due_at) != (following.kind, following.due_at)
    if other or _overdue(data.case.clocks, data.part):
        return f"下一时限：{name}" if chinese else f"Next: {name}"
    return f"时限：{name}" if chinese else f"Due: {name}"


def _overdue(clocks: Sequence[ClockState], part: str | None) -> bool:
    own = (clock for clock in clocks if clock.part == part and clock.kind != "review")
    return any(c.state == "breached" and c.met_at is None and c.superseded_at is None for c in own)
