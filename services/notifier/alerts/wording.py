"""Titles of alerts by kind, and the texts of alerts that are about no case. No personal data."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from services.notifier.alerts.recipient_resolution import VacantPost
from shared.city.pack import Pack
from shared.contracts.visits import VisitEvent

_TITLES = {
    "new": "工单提醒",
    "reminder": "催办",
    "breach": "已超时",
    "supervise": "督办",
    "moved": "工单转入",
    "offered": "待接收工单",
    "reopened": "重新办理",
    "assigned": "指派给你",
    "told": "上报上级",
    "inspect": "待核查",
    "declined": "对方不接收",
    "added": "上报人补充",
    "fixed": "上报人称已处置",
    "withdrawn": "上报人撤回",
    "duty": "值班调整",
    "appointed": "任职通知",
    "raised": "多人上报升级",
    "unrouted": "待分流超时",
    "unstaffed": "无人值班",
    "unattended": "保密事项无人办理",
    "need": "上门求助",
    "over": "已办结",
    "test": "测试提醒",
    "called": "吹哨",
    "reported_in": "已报到",
    "finished": "事项已办完",
    "excused": "事项无需再办",
    "consulted": "会商",
    "concluded": "会商结论",
    "planned": "整改方案",
    "follow_up": "复查提醒",
    "asked": "待审批",
    "decided": "已批准",
    "refused": "未批准",
    "answered": "已补充信息",
    "unanswered": "逾期未补充信息",
    "forgotten": "长期未处理",
    "joint_enforcement": "联合执法",
    "patrol": "联合巡查",
    "campaign": "专项整治",
    "service": "服务清单",
    "visit_today": "今日活动",
    "visit_off": "活动取消",
}
_TITLES_EN = {
    "new": "New case",
    "reminder": "Reminder",
    "breach": "Overdue",
    "supervise": "Supervision",
    "moved": "Case moved here",
    "offered": "Case offered",
    "reopened": "Opened again",
    "assigned": "Assigned to you",
    "told": "Brought to you",
    "inspect": "To inspect",
    "declined": "Offer refused",
    "added": "The reporter adds",
    "fixed": "The reporter says it is fixed",
    "withdrawn": "The reporter withdraws",
    "duty": "Your duty changes",
    "appointed": "You are appointed",
    "raised": "Reported by many",
    "unrouted": "Report without a case",
    "unstaffed": "Nobody on duty",
    "unattended": "Confidential, and nobody there",
    "need": "Somebody needs you",
    "over": "Ended",
    "test": "Test alert",
    "called": "You are called in",
    "reported_in": "Reported in",
    "finished": "Part finished",
    "excused": "No longer needed",
    "consulted": "Consultation",
    "concluded": "Consultation concluded",
    "planned": "Works plan",
    "follow_up": "Time to look again",
    "asked": "To be approved",
    "decided": "Approved",
    "refused": "Not approved",
    "answered": "The reporter answered",
    "unanswered": "The reporter did not answer",
    "forgotten": "Nobody works at it",
    "joint_enforcement": "Joint enforcement",
    "patrol": "Patrol",
    "campaign": "Campaign",
    "service": "Published service",
    "visit_today": "Visit today",
    "visit_off": "Visit called off",
}


_PRIORITIES = {"danger": ("危急", "Danger"), "urgent": ("紧急", "Urgent")}
"""Priorities that stand in the title of every alert of a case."""
_OF_NO_CASE = frozenset({"unattended", "unrouted", "test", "duty", "appointed"})
"""Kinds whose title has no priority: they are about no case, or must not say which."""


def title(kind: str, priority: str, language: str) -> str:
    """``危急提醒`` for a new case in danger, 紧急·催办; without danger or urgency the kind's own word."""
    chinese = language.startswith("zh")
    word = (_TITLES if chinese else _TITLES_EN)[kind]
    if priority not in _PRIORITIES or kind in _OF_NO_CASE:
        return word
    rank = _PRIORITIES[priority][not chinese]
    if kind == "new" and priority == "danger":
        return "危急提醒" if chinese else rank
    return f"{rank}·{word}" if chinese else f"{rank}: {word}"


def unattended_text(unit: str, pack: Pack) -> str:
    """The text of an ``unattended`` alert: at which unit a confidential matter waits, not what it is or which case."""
    name = pack.units[unit].name if unit in pack.units else unit
    chinese = pack.city.languages[0].startswith("zh")
    return f"{name}有保密事项无人办理，请安排人员" if chinese else f"something confidential waits at {name}; see to it"


def visit_text(event: VisitEvent, pack: Pack) -> str:
    """Who invites, where, and when by the city's clock."""
    unit, at = pack.units.get(event.unit), event.at.astimezone(ZoneInfo(pack.city.timezone))
    names = {place.known_as: place.name for place in pack.places} | {u.id: u.name for u in pack.units.values()}
    return " · ".join((unit.name if unit else event.unit, names.get(event.place, event.place), f"{at:%Y-%m-%d %H:%M}"))


def test_text(language: str) -> str:
    """What a test alert says."""
    return "能看到这条，说明该渠道可用，无需处理" if language.startswith("zh") else "This channel works; nothing to do"


def vacant_posts_text(vacant: Iterable[VacantPost], pack: Pack) -> str:
    """交通路社区A岗无人值班, for each vacant post; empty when there is none."""
    chinese = pack.city.languages[0].startswith("zh")
    said = []
    for unit, post in vacant:
        name = pack.units[unit].name if unit in pack.units else unit
        said.append(f"{name}{post}岗无人值班" if chinese else f"nobody is on post {post} at {name}")
    return "，".join(said) if chinese else "; ".join(said)


def unrouted_text(report: str, language: str) -> str:
    """A report that has no case yet; its words are not known here."""
    if language.startswith("zh"):
        return f"上报 {report} 超时未派单，请检查分派服务"
    return f"The report {report} has no case in time; look at the router"
