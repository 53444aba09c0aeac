"""What the system says in a line of a case's history: the one table of these words, Chinese and English.

Beside them stands what somebody wrote (``{text}``). Units, places, levels and reasons are named as the pack names them,
times as the city's clock shows them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.city.pack import Pack
from shared.city.place.reasons import listed
from shared.city.texts.reporter_steps import is_chinese
from shared.kernel.vocabulary import RemarkCode, VisitKind

_VISIT = "{kind}（{visit}），{place}，{at}", "{kind} ({visit}), {place}, {at}"
_REMARKS: Mapping[RemarkCode, tuple[str, str]] = {
    "reporter_adds": ("上报人补充", "the reporter adds"),
    "reporter_fixed": ("上报人说已修好", "the reporter says it is fixed"),
    "reporter_thanks": ("上报人致谢", "the reporter gives thanks"),
    "reporter_withdraws": ("上报人撤回", "the reporter withdraws"),
    "entered_adds": ("代上报人补充（上报{report}）", "added for the reporter of {report}"),
    "entered_fixed": ("代上报人录入已修好（上报{report}）", "entered for the reporter of {report}: it is fixed"),
    "entered_withdraws": ("代上报人撤回（上报{report}）", "withdrawn for the reporter of {report}"),
    "entered_rates": ("代上报人评价（上报{report}）", "rated for the reporter of {report}"),
    "reported_again": ("同一问题再次上报", "the same trouble was reported again"),
    "reported_after_closing": ("办结后再次上报", "reported again after closing"),
    "reported_at_once": ("同一问题同时上报", "the same thing was reported at the same time"),
    "split_off": ("重新拆分", "split off again"),
    "refused_twice": ("已两次不接收，由上级裁定", "refused twice: the level above rules"),
    "level_missing": ("上级中没有{level}，改为通知最上级", "no {level} on the path: the top is told"),
    "pause_reason": ("{reason}", "{reason}"),
    "reporter_asked": ("等待上报人答复", "waits for the reporter's answer"),
    "visit_planned": _VISIT,
    "visit_held": (f"{_VISIT[0]}，到场：{{came}}", f"{_VISIT[1]}, came: {{came}}"),
    "visit_cancelled": _VISIT,
    "found_drawn": (
        "巡查发现，当场已处置（已抽中，待核查）",
        "found on patrol and handled on the spot (drawn: to be inspected)",
    ),
    "found_not_drawn": (
        "巡查发现，当场已处置（未抽中核查，自动办结）",
        "found on patrol and handled on the spot (not drawn for inspection: closed)",
    ),
    "found_elsewhere": (
        "巡查人员称当场已处置，须由承办单位核实",
        "the finder says it was handled on the spot; the owner has to look",
    ),
    "found_again": (
        "巡查人员称此问题当场已处置（上报{report}）",
        "found on patrol too and, as the finder says, handled on the spot ({report})",
    ),
    "call_satisfied": ("满意", "satisfied"),
    "call_mostly_satisfied": ("基本满意", "mostly satisfied"),
    "call_dissatisfied": ("不满意", "not satisfied"),
    "call_not_reached": ("未接通（第{try}次）", "not reached (try {try})"),
    "call_never_reached": ("未接通（第{try}次），不再回访", "not reached (try {try}); nobody calls again"),
}
_WITHOUT_TEXT: frozenset[RemarkCode] = frozenset({"pause_reason"})
"""Remarks of lines whose text is a code."""
_NOBODY = "无", "nobody"
_VISITS: Mapping[VisitKind, tuple[str, str]] = {
    "joint_enforcement": ("联合执法", "joint enforcement"),
    "patrol": ("联合巡查", "patrol"),
    "campaign": ("专项整治", "campaign"),
    "service": ("服务清单", "published service"),
}


def remark_words(code: str, values: Sequence[tuple[str, str]], text: str | None, pack: Pack) -> str:
    """The line in the city's first language; of a code of a newer version ``text`` alone."""
    known = next((remark for remark in _REMARKS if remark == code), None)
    if known is None:
        return text or ""
    chinese = is_chinese(pack.city.languages[0])
    said = _REMARKS[known][not chinese].format_map(_named(values, pack))
    return f"{said}{'：' if chinese else ': '}{text}" if text and known not in _WITHOUT_TEXT else said


def _named(values: Sequence[tuple[str, str]], pack: Pack) -> dict[str, str]:
    """The values in words; ``came`` may be there several times."""
    language = pack.city.languages[0]
    named = {name: _in_words(name, value, pack) for name, value in values}
    came = [_unit(value, pack) for name, value in values if name == "came"]
    return {**named, "came": listed(came, language) or _NOBODY[not is_chinese(language)]}


def _in_words(name: str, value: str, pack: Pack) -> str:
    chinese = is_chinese(pack.city.languages[0])
    match name:
        case "kind":
            return next((words[not chinese] for kind, words in _VISITS.items() if kind == value), value)
        case "place":
            places = {place.known_as: place.name for place in pack.places}
            return places.get(value) or _unit(value, pack)
        case "level":
            return pack.city.level_names.get(value) or _unit(value, pack)
        case "reason":
            found = pack.pause_reasons.get(value)
            return value if found is None else found.name if chinese or not found.name_en else found.name_en
        case "at":
            return f"{datetime.fromisoformat(value).astimezone(ZoneInfo(pack.city.timezone)):%Y-%m-%d %H:%M}"
    return value


def _unit(id_: str, pack: Pack) -> str:
    unit = pack.units.get(id_)
    if unit is None:
        return id_
    return unit.name if is_chinese(pack.city.languages[0]) or not unit.name_en else unit.name_en
