"""Titles of alerts by kind, and the texts of alerts that are about no case. No personal data."""

from collections.abc import Iterable

from services.notifier.alerts.recipient_resolution import VacantPost
from shared.city.pack import Pack
from shared.kernel.vocabulary import Sensitivity, Suspicion
from shared.operations.alert_names import ALERTS

_PRIORITIES = {"danger": ("危急", "Danger"), "urgent": ("紧急", "Urgent")}
"""Priorities that stand in the title of every alert of a case."""
_OF_NO_CASE = frozenset({"unattended", "unrouted", "test", "duty", "appointed", "recused"})
"""Kinds whose title has no priority: they are about no case, or must not say which."""


def said_priority(kind: str, priority: str, language: str) -> str:
    """危急, 紧急; empty for other priorities, and where an alert must not say which case it is about."""
    if priority not in _PRIORITIES or kind in _OF_NO_CASE:
        return ""
    return _PRIORITIES[priority][not language.startswith("zh")]


def title(kind: str, priority: str, language: str) -> str:
    """``危急提醒`` for a new case in danger, 紧急·催办; without danger or urgency the kind's own word."""
    chinese = language.startswith("zh")
    word, rank = ALERTS[kind][not chinese], said_priority(kind, priority, language)
    if not rank:
        return word
    if kind == "new" and priority == "danger":
        return "危急提醒" if chinese else rank
    return f"{rank}·{word}" if chinese else f"{rank}: {word}"


def unattended_text(unit: str, pack: Pack) -> str:
    """The text of an ``unattended`` alert: at which unit a confidential matter waits, not what it is or which case."""
    name = pack.units[unit].name if unit in pack.units else unit
    chinese = pack.city.languages[0].startswith("zh")
    return f"{name}有隐名事项无人办理，请安排人员" if chinese else f"something confidential waits at {name}; see to it"


def recused_text(pack: Pack) -> str:
    """What an alert says from the moment at which its recipient's unit is recused from the case."""
    chinese = pack.city.languages[0].startswith("zh")
    return "本单位须回避，工单已转上级办理" if chinese else "your unit is recused: the case went to the level above"


_SUSPICIONS: dict[Suspicion, tuple[str, str]] = {
    "about_us": ("疑似反映承办单位，请研判是否回避", "it may be about the owner: decide whether that is recused"),
    "mass_incident": ("疑似群体性事件，请研判", "many people may gather: decide whether it is sensitive"),
    "self_harm": ("疑似有人轻生，请研判", "somebody may harm himself: decide whether it is sensitive"),
    "media": ("疑似涉及媒体，请研判", "media may be involved: decide whether it is sensitive"),
}


_SENSITIVE: dict[Sensitivity, tuple[str, str]] = {
    "mass_incident": ("敏感件（群体性事件），请登录查看", "sensitive (mass incident): sign in to read it"),
    "self_harm": ("敏感件（有人轻生），请登录查看", "sensitive (self-harm): sign in to read it"),
    "media": ("敏感件（涉媒体），请登录查看", "sensitive (media): sign in to read it"),
}


def sensitive_text(kind: Sensitivity, pack: Pack) -> str:
    """What an alert says of a sensitive case, besides its unit: no word of the case."""
    return _SENSITIVE[kind][not pack.city.languages[0].startswith("zh")]


def suspicion_text(suspected: Iterable[Suspicion], pack: Pack) -> str:
    """What the words of a report suggest, for whoever decides it."""
    chinese = pack.city.languages[0].startswith("zh")
    said = [_SUSPICIONS[one][not chinese] for one in suspected]
    return "；".join(said) if chinese else "; ".join(said)


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
