"""Why a report went where it went, in the city's first language: the one table of these words, Chinese and English."""

from collections.abc import Mapping

from shared.city.texts.reporter_steps import is_chinese

_REASONS: Mapping[str, tuple[str, str]] = {
    "lies_in": ("点位在{unit}内", "the point lies in {unit}"),
    "answers_for": ("{within}由{unit}负责", "{unit} answers for {within}"),
    "near": ("距以下单位边界不足{metres}米：{units}", "within {metres} m of {units}"),
    "named": ("文字提到{place}", "the words name {place}"),
    "named_elsewhere": ("文字提到{place}，与点位不在一处", "the words name {place}, which lies elsewhere"),
    "given": ("上报时指定单位：{unit}", "{unit} was given as the unit"),
    "beyond": (
        "点位在本市范围以外，由{unit}兜底",
        "the point lies outside the pack's extent: {unit} answers for the rest",
    ),
    "in_no_area": (
        "点位不在任何网格内，最近的是{nearest}，由{unit}兜底",
        "the point lies in no area; nearest is {nearest}: {unit} answers for the rest",
    ),
    "ambiguous": ("{place}重名，分别属于：{units}", "{place} is a name in {units}"),
    "names_others": ("文字还提到其他单位的地点：{units}", "the words name places of other units too: {units}"),
    "nowhere": ("没有说明地点，进入{unit}待分流", "nothing says where: the sorting queue of {unit}"),
    "no_point": ("没有点位", "no point was given"),
    "not_on_earth": ("点位无效", "the point is not on Earth"),
    "zero": ("点位为0/0，视为未知", "the point is 0/0, which stands for unknown"),
    "unknown_point": ("点位是{name}，视为未知", "the point is {name}, which stands for unknown"),
    "not_admitted": (
        "{category}不在{unit}可下派社区的准入清单上",
        "{category} is not on the entry list of what {unit} may load on communities (准入)",
    ),
    "danger_nevertheless": ("{reason}；危急事项仍派给{unit}", "{reason}; danger goes to {unit} nevertheless"),
    "recused": (
        "反映的是{unit}，回避：由{above}办理",
        "it is about {unit}, which is recused: {above} has it (回避)",
    ),
    "stays": ("{reason}：留在录入单位{unit}", "{reason}: it stays with {unit}, where it was entered"),
}


def reason(what: str, language: str, **values: str) -> str:
    """The reason ``what`` with its values; lists of units are joined with ``listed``."""
    return _REASONS[what][not is_chinese(language)].format(**values)


def listed(names: list[str], language: str) -> str:
    """Names one after the other, as the language writes lists."""
    return ("、" if is_chinese(language) else ", ").join(names)
