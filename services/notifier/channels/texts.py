"""The texts of messages about alerts: plain text, so that no words of a reporter become a link, a mention or markup.

The first line of a text is its title. Every text contains 工单, for robots that require a keyword.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

Fits = Callable[[str], bool]

LIST_MAX = 30
"""Alerts in one message at most, also where a longer message would fit: nobody reads more."""
CUTS = (300, 200, 120, 80, 40, 20, 0)
"""Lengths to which the reporter's words are cut, tried in order until the text fits; 0: without them."""
LIST_WORDS = 80
_TYPOGRAPHY = str.maketrans({"<": "＜", ">": "＞", "@": "＠", "[": "［", "]": "］", "`": "｀", "*": "＊"})
_DOMAIN_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d])")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Item:
    """One event in a message to one receiver.

    ``links``: names of recipients and their one-press addresses, in a message to a person. ``recipients``: names of
    those who are alerted, in a message to a group. ``due_name``: what the deadline is of (下一时限：办结). ``as_of``:
    when it is read, so that a deadline is 明天9:30; None: it is said by its date. ``presses``: the command of its
    links; None: they only show.
    """

    title: str
    words: str
    due_at: datetime | None
    state: str
    danger: bool
    recipients: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    due_name: str | None = None
    as_of: datetime | None = None
    presses: str | None = "claim"


class Texts:
    """Texts of one city: in its first language, with its local time. ``sign_in``: the address to which messages to
    groups send their readers; empty: where there is none. ``notice``: the last line of each message; empty: none."""

    def __init__(self, language: str, timezone: str, sign_in: str = "", notice: str = "") -> None:
        self._last = (notice,) if notice else ()
        self._sign_in = sign_in
        self._words = _ZH if language.startswith("zh") else _EN
        self._zone = ZoneInfo(timezone)

    def one(self, item: Item, fits: Fits) -> str:
        """A message about one event; its words are cut until it fits, its links are not."""
        for most in CUTS:
            words = [cut(plain(item.words), most)] if most else []
            text = "\n".join([self._titled(item.title), *words, *self._facts(item), *self._ending([item])])
            if fits(text):
                return text
        return self.bare(item)

    def bare(self, item: Item) -> str:
        """A text without words of reporters and without links, for receivers whose content filter refused those."""
        due = [self._due(item, item.due_at)] if item.due_at else []
        return "\n".join([self._titled(item.title), *due, self._words.see_queue, *self._last])

    def several(self, items: Sequence[Item], fits: Fits) -> tuple[str, int]:
        """A list of as many of the first ``items`` as fit, and how many those are: at least one."""
        lines: list[str] = []
        text, count = "", 0
        for item in items[:LIST_MAX]:
            first = f"{count + 1}. " + " · ".join(filter(None, (item.title, cut(plain(item.words), LIST_WORDS))))
            longer = [*lines, first, *self._facts(item)]
            shown = items[: count + 1]
            whole = "\n".join([self._heading(shown), *longer, *self._ending(shown)])
            if not fits(whole):
                break
            lines, text, count = longer, whole, count + 1
        return (text, count) if count else (self.one(items[0], fits), 1)

    def digest(self, items: Sequence[Item], count: int, fits: Fits) -> str:
        """A digest of ``count`` alerts: their number, and as many of ``items`` (the first ones) with links as fit."""
        for shown in range(min(len(items), LIST_MAX), -1, -1):
            lines = [self._heading(items, count)]
            for number, item in enumerate(items[:shown], 1):
                lines += [f"{number}. {item.title} · {cut(plain(item.words), LIST_WORDS)}", *self._link_lines(item)]
            if shown < count:
                lines.append(self._words.more.format(count - shown))
            lines += self._last
            if fits("\n".join(lines)):
                break
        return "\n".join(lines)

    def _heading(self, items: Sequence[Item], count: int | None = None) -> str:
        danger = sum(item.danger for item in items)
        name = self._words.danger if danger == len(items) else self._words.alerts
        return f"{self._titled(name)} {self._words.count.format(len(items) if count is None else count)}"

    def _titled(self, title: str) -> str:
        named = title if self._words.case.lower() in title.lower() else f"{self._words.case} · {title}"
        return self._words.brackets.format(named)

    def _facts(self, item: Item) -> list[str]:
        """Deadline, recipients and links; if the case was acknowledged or ended meanwhile, only that."""
        facts = [self._due(item, item.due_at)] if item.due_at else []
        if item.state == "test":
            return []
        if item.state != "sent":
            return [self._words.acked if item.state == "acked" else self._words.ended]
        if item.recipients:
            facts.append(f"{self._words.recipients}{self._words.comma.join(item.recipients)}")
        return [*facts, *self._link_lines(item)]

    def _link_lines(self, item: Item) -> list[str]:
        """A line for each one-press link; none when there is nothing left to claim."""
        if item.state != "sent":
            return []
        whose = {name: f" {name}" if len(item.links) > 1 else "" for name, _ in item.links}
        press = self._words.presses.get(item.presses or "", self._words.look)
        return [f"{press}{whose[name]}{self._words.colon}{link}" for name, link in item.links]

    def _ending(self, items: Sequence[Item]) -> list[str]:
        return [*self._where_to_go(items), *self._last]

    def _where_to_go(self, items: Sequence[Item]) -> list[str]:
        """The last line for a group, which gets no link to press: its readers sign in."""
        if not any(item.recipients and item.state == "sent" for item in items):
            return []
        if not self._sign_in:
            return [self._words.see_queue]
        return [f"{self._words.sign_in}{self._words.colon}{self._sign_in}"]

    def _due(self, item: Item, at: datetime) -> str:
        """下一时限：办结 明天9:30前; 截止时间 3月2日 14:35 where it is not known what it is the deadline of."""
        if item.due_name is not None:
            return self._words.named_due.format(name=item.due_name, when=self._when(at, item.as_of))
        local = at.astimezone(self._zone)
        return self._words.due.format(
            month=local.month, named=_MONTHS[local.month - 1], day=local.day, time=local.strftime("%H:%M")
        )

    def _when(self, at: datetime, as_of: datetime | None) -> str:
        """今天, 明天 or 后天 as seen from ``as_of``, else the date; and the time."""
        local = at.astimezone(self._zone)
        away = (local.date() - as_of.astimezone(self._zone).date()).days if as_of is not None else -1
        near = self._words.days[away] if 0 <= away < len(self._words.days) else None
        day = near or self._words.date.format(month=local.month, named=_MONTHS[local.month - 1], day=local.day)
        return self._words.at.format(day=day, hour=local.hour, minute=local.minute)


def plain(text: str) -> str:
    """``text`` on one line, without what chat programs take for markup, mentions or addresses."""
    visible = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    one_line = " ".join(visible.split()).replace("://", "：//").translate(_TYPOGRAPHY)
    return _DOMAIN_DOT.sub("．", one_line)


def cut(text: str, most: int) -> str:
    """At most ``most`` characters."""
    return text if len(text) <= most else text[: max(0, most - 1)] + "…"


@dataclass(frozen=True, slots=True)
class _Words:
    case: str
    alerts: str
    danger: str
    brackets: str
    count: str
    due: str
    recipients: str
    comma: str
    presses: Mapping[str, str]
    look: str
    sign_in: str
    named_due: str
    days: tuple[str, ...]
    date: str
    at: str
    colon: str
    see_queue: str
    more: str
    acked: str
    ended: str


_ZH = _Words(
    case="工单",
    alerts="工单提醒",
    danger="危急提醒",
    brackets="【{}】",
    count="{}件",
    due="截止时间 {month}月{day}日 {time}",
    recipients="已通知：",
    comma="、",
    presses={"claim": "接单", "report_in": "报到"},
    look="查看",
    sign_in="登录",
    named_due="{name} {when}前",
    days=("今天", "明天", "后天"),
    date="{month}月{day}日",
    at="{day}{hour}:{minute:02}",
    colon="：",
    see_queue="请在待办工单中查看",
    more="另有{}件，请在待办工单中查看",
    acked="已签收",
    ended="已办结",
)
_EN = _Words(
    case="Case",
    alerts="Cases",
    danger="Danger",
    brackets="[{}]",
    count="{}",
    due="Due {day} {named} {time}",
    recipients="Told: ",
    comma=", ",
    presses={"claim": "Claim", "report_in": "Report in"},
    look="Look",
    sign_in="Sign in",
    named_due="{name} by {when}",
    days=("today", "tomorrow"),
    date="{day} {named}",
    at="{day} {hour:02}:{minute:02}",
    colon=": ",
    see_queue="Look in your queue of cases",
    more="{} more: look in your queue of cases",
    acked="Acknowledged",
    ended="Ended",
)
