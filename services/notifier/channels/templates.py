"""The templates of text messages and calls: fixed words with short variables, registered once with the gateway.

In China no other text is sent. What is put into a variable comes from the pack (names of units and categories) or is a
time, a number or a code; never from a reporter, and never a person's name or number. Every kind of alert has one of the
eight templates. How they are registered: ``docs/how-to/register-sms-templates.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.notifier.alerts.wording import said_priority
from services.notifier.channels.channel import TemplateMessage
from services.notifier.delivery.unsigned_danger import asks_to_sign_danger
from services.notifier.documents.alert import Alert
from shared.city.model.channels import CallTemplate, Template, TextTemplate
from shared.city.model.people import Person
from shared.city.pack import Pack

VARIABLES: Mapping[str, int] = {"unit": 12, "category": 12, "time": 11, "code": 12, "count": 3}
"""Variable → most characters. All gateways take twelve."""
COUNT_MAX = 999


@dataclass(frozen=True, slots=True)
class Registered:
    """A template: its words with ``${variable}``, and the variables in the order in which they stand there.

    ``{domain}`` stands for the host of ``WHISTLE_PUBLIC_URL``, which is registered as a part of the words. ``meaning``:
    the words in English, for readers of the docs and of previews; it is never sent.
    """

    words: str
    variables: tuple[str, ...]
    meaning: str

    def filled(self, values: Mapping[str, str], domain: str, *, meaning: bool = False) -> str:
        """The words, or their ``meaning``, with ``values`` in place of the variables."""
        text = (self.meaning if meaning else self.words).replace("{domain}", domain)
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        return text


_LINK = "https://{domain}/s/${code}"
TEMPLATES: Mapping[Template, Registered] = {
    "danger": Registered(
        f"危急工单：${{unit}}有一件${{category}}待签收，请立即打开 {_LINK} 签收处置。",
        ("unit", "category", "code"),
        f"Danger: ${{unit}} has a case of ${{category}} to be acknowledged; open {_LINK} now to acknowledge and act.",
    ),
    "task": Registered(
        f"工单提醒：${{unit}}有一件${{category}}待办理，截止时间${{time}}，请打开 {_LINK} 。",
        ("unit", "category", "time", "code"),
        f"Case: ${{unit}} has a case of ${{category}} to deal with, due ${{time}}; open {_LINK} .",
    ),
    "deadline": Registered(
        f"催办：${{unit}}的${{category}}即将超时，截止时间${{time}}，请打开 {_LINK} 办理。",
        ("unit", "category", "time", "code"),
        f"Reminder: ${{category}} of ${{unit}} is due soon, ${{time}}; open {_LINK} to deal with it.",
    ),
    "overdue": Registered(
        f"督办提醒：${{unit}}的${{category}}需要督促办理，请立即打开 {_LINK} 办理。",
        ("unit", "category", "code"),
        f"Supervision: ${{category}} of ${{unit}} must be pushed on; open {_LINK} now.",
    ),
    "request": Registered(
        f"待办提醒：${{unit}}有一件${{category}}需要您处理，请打开 {_LINK} 。",
        ("unit", "category", "code"),
        f"To do: a case of ${{category}} at ${{unit}} waits for you; open {_LINK} .",
    ),
    "news": Registered(
        f"进展提醒：${{unit}}的${{category}}有新进展，详情见 {_LINK} 。",
        ("unit", "category", "code"),
        f"News: there is news of ${{category}} at ${{unit}}; see {_LINK} .",
    ),
    "visit": Registered(
        f"活动提醒：${{unit}}收到${{time}}的活动通知，详情见 {_LINK} 。",
        ("unit", "time", "code"),
        f"Visit: ${{unit}} is told of a visit on ${{time}}; see {_LINK} .",
    ),
    "several": Registered(
        "工单提醒：您有${count}件工单待查看，请登录 https://{domain}/me 。",
        ("count",),
        "Cases: ${count} wait for your look; sign in at https://{domain}/me .",
    ),
    "call": Registered(
        "您好，这里是网格工单系统。${unit}有一件危急工单，事项为${category}，尚无人签收。签收请按1，并请立即查看短信或登录系统处置。",
        ("unit", "category"),
        "This is the grid's case system. ${unit} has a case in danger, ${category}, that nobody has acknowledged. "
        "Press 1 to acknowledge, and read your text messages or sign in at once.",
    ),
}

OF_KIND: Mapping[str, TextTemplate] = {
    "new": "task",
    "moved": "task",
    "reopened": "task",
    "assigned": "task",
    "called": "task",
    "raised": "task",
    "need": "task",
    "inspect": "task",
    "reminder": "deadline",
    "breach": "overdue",
    "supervise": "overdue",
    "told": "overdue",
    "unrouted": "overdue",
    "unanswered": "request",
    "forgotten": "overdue",
    "judge": "request",
    "recused": "news",
    "sensitive": "request",
    "unstaffed": "request",
    "unattended": "request",
    "offered": "request",
    "asked": "request",
    "consulted": "request",
    "follow_up": "request",
    "planned": "request",
    "fixed": "request",
    "found": "news",
    "added": "news",
    "withdrawn": "news",
    "declined": "news",
    "answered": "news",
    "decided": "news",
    "refused": "news",
    "concluded": "news",
    "reported_in": "news",
    "finished": "news",
    "excused": "news",
    "over": "news",
    "duty": "news",
    "appointed": "news",
    "test": "news",
    "joint_enforcement": "visit",
    "patrol": "visit",
    "campaign": "visit",
    "service": "visit",
    "visit_today": "visit",
    "visit_off": "visit",
}
"""Kind of alert → its template. A kind of a newer version has ``request``."""
_MATTERS: Mapping[str, tuple[str, str]] = {
    "test": ("测试提醒", "test alert"),
    "duty": ("值班调整", "duty change"),
    "appointed": ("任职通知", "appointment"),
    "unrouted": ("待分流上报", "report"),
    "unstaffed": ("岗位空缺", "vacant post"),
}
"""What an alert about no case is about, in the place of a category: Chinese, English."""
_OF_DANGER: frozenset[Template] = frozenset({"danger", "call"})
_NO_CATEGORY = ("待办事项", "matter")
_SIGNING_IN = {"invitation": ("登录密码设置", "password"), "login_link": ("登录确认", "sign-in")}
"""What an invitation or a login link asks for, as the category of ``request``: Chinese, English."""


def text_template(alert: Alert) -> TextTemplate:
    """The template of a text message about one alert. One that names a time is for alerts that have one."""
    if asks_to_sign_danger(alert):
        return "danger"
    if alert.state in ("acked", "over"):
        return "news"
    named = OF_KIND.get(alert.kind, "request")
    return "request" if "time" in TEMPLATES[named].variables and _moment(alert) is None else named


def text_message(alerts: Sequence[Alert], pack: Pack, code: str) -> TemplateMessage:
    """The text message about ``alerts``, which are not empty. ``code``: the short link's, where there is one alert."""
    if len(alerts) > 1:
        return TemplateMessage("several", (("count", str(min(len(alerts), COUNT_MAX))),))
    return _message(text_template(alerts[0]), alerts[0], pack, code)


def invitation_message(
    person: Person, pack: Pack, code: str, what: Literal["invitation", "login_link"] = "invitation"
) -> TemplateMessage:
    """The text message of an invitation or a login link: ``request``. No template of its own has to be registered."""
    request: TextTemplate = "request"
    zh, en = _SIGNING_IN[what]
    values = {"unit": _unit(person.unit, pack), "category": zh if _is_chinese(pack) else en, "code": code}
    return TemplateMessage(request, tuple((name, values[name]) for name in TEMPLATES[request].variables))


def call_message(alert: Alert, pack: Pack) -> TemplateMessage:
    """What a call says."""
    call: CallTemplate = "call"
    return _message(call, alert, pack, "")


def _message(template: Template, alert: Alert, pack: Pack, code: str) -> TemplateMessage:
    values = {
        "unit": _unit(alert.unit, pack),
        "category": _short("category", _priority(template, alert, pack) + _category(alert, pack)),
        "time": _time(alert, pack),
        "code": code,
    }
    return TemplateMessage(template, tuple((name, values[name]) for name in TEMPLATES[template].variables))


def _unit(id_: str, pack: Pack) -> str:
    """The unit's name; of a household that is called after somebody, the name of the nearest unit above it that is not;
    of a unit that the pack has no more, the root's."""
    unit = pack.units.get(id_, pack.root)
    people = [person.name for person in pack.people.values() if len(person.name) > 1]
    above = (pack.units[one].name for one in reversed(unit.path) if one != unit.id)
    named = next((name for name in (unit.name, *above) if not any(one in name for one in people)), "")
    return _short("unit", named or pack.city.name)


def _priority(template: Template, alert: Alert, pack: Pack) -> str:
    """危急 or 紧急 before the category, in Chinese: no other variable has room. Two templates say danger themselves."""
    if template in _OF_DANGER or not _is_chinese(pack):
        return ""
    return said_priority(alert.kind, alert.priority, pack.city.languages[0])


def _category(alert: Alert, pack: Pack) -> str:
    """The category's name; of a confidential case and a visit none."""
    chinese = _is_chinese(pack)
    category = pack.categories.get(alert.category or "")
    if category is None:
        return _MATTERS.get(alert.kind, _NO_CATEGORY)[not chinese]
    return category.name if chinese or not category.name_en else category.name_en


def _is_chinese(pack: Pack) -> bool:
    return pack.city.languages[0].startswith("zh")


def _moment(alert: Alert) -> datetime | None:
    """Its deadline; of a visit when it is."""
    return alert.happens_at or alert.due_at


def _time(alert: Alert, pack: Pack) -> str:
    """12月31日23:59."""
    moment = _moment(alert)
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(pack.city.timezone))
    return f"{local.month}月{local.day}日{local:%H:%M}"


def _short(variable: str, text: str) -> str:
    return " ".join(text.split())[: VARIABLES[variable]]
