"""The steps that reporters are shown: the closed list, the built-in words of each, and the placeholders of its texts.

The Chinese words are those of the glossary; the English ones translate them.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from shared.kernel.vocabulary import Sample

ReporterStep = Literal[
    "accepted",
    "queued",
    "acknowledged",
    "claimed",
    "on_site",
    "in_progress",
    "waiting_reporter",
    "resolved",
    "closed",
    "reopened",
    "rejected",
    "merged",
    "case.moved",
    "case.placed",
    "case.returned",
    "case.objected",
    "case.objection_refused",
    "case.recused",
    "case.info_given",
    "case.info_missing",
    "case.escalated",
    "clock.breached",
    "clock.extended",
    "report.unrouted",
    "report.added",
    "report.withdrawn",
    "photo.unreadable",
    "feedback",
]
"""States of a case, steps that change no state (named by their event), and ``feedback``: nothing new was reported."""

REPORTER_STEPS: tuple[ReporterStep, ...] = get_args(ReporterStep)
WITHOUT_CASE: frozenset[ReporterStep] = frozenset({"accepted", "report.unrouted", "photo.unreadable"})
"""Steps that are shown before a case exists, or independently of one."""

BEFORE: frozenset[str] = frozenset({"report"})
OF_CASE: frozenset[str] = BEFORE | {"case", "unit", "category", "reports", "acknowledge_by", "on_site_by", "resolve_by"}
OF_ONE: Mapping[ReporterStep, frozenset[str]] = {
    "queued": frozenset({"minutes", "promise"}),
    "resolved": frozenset({"done"}),
    "closed": frozenset({"done"}),
    "rejected": frozenset({"why"}),
    "clock.extended": frozenset({"until"}),
    "waiting_reporter": frozenset({"answer_by"}),
}
"""Further placeholders that only the texts of one state have."""

STEPS: Mapping[str, ReporterStep] = {
    "report.received": "accepted",
    "report.merged": "merged",
    "report.unrouted": "report.unrouted",
    "report.added": "report.added",
    "report.withdrawn": "report.withdrawn",
    "photo.unreadable": "photo.unreadable",
    "case.opened": "queued",
    "case.acknowledged": "acknowledged",
    "case.claimed": "claimed",
    "case.on_site": "on_site",
    "case.started": "in_progress",
    "case.resolved": "resolved",
    "case.closed": "closed",
    "case.redirected": "closed",
    "case.rejected": "rejected",
    "case.reopened": "reopened",
    "case.moved": "case.moved",
    "case.placed": "case.placed",
    "case.returned": "case.returned",
    "case.objected": "case.objected",
    "case.objection_refused": "case.objection_refused",
    "case.recused": "case.recused",
    "case.info_requested": "waiting_reporter",
    "case.info_given": "case.info_given",
    "case.info_missing": "case.info_missing",
    "case.escalated": "case.escalated",
    "clock.breached": "clock.breached",
    "clock.extended": "clock.extended",
}
"""Name of a step in the events → step; steps that are not listed are not shown to reporters."""

_WORDS: Mapping[ReporterStep, tuple[str, str]] = {
    "accepted": ("已收到", "Received"),
    "queued": ("已派单", "Sent to the unit in charge"),
    "acknowledged": ("已签收", "Signed for"),
    "claimed": ("已接单", "Taken on"),
    "on_site": ("已到现场", "Somebody is there"),
    "in_progress": ("处置中", "Being dealt with"),
    "waiting_reporter": ("请补充信息", "Please tell us more"),
    "resolved": ("已处置", "Dealt with"),
    "closed": ("已办结", "Closed"),
    "reopened": ("重新办理", "Opened again"),
    "rejected": ("未受理", "Not accepted"),
    "merged": ("已与同一问题合并", "Joined with reports of the same problem"),
    "case.moved": ("已转办", "Passed on"),
    "case.placed": ("已确定地点", "The place is known"),
    "case.returned": ("重新派单", "Sent to another unit"),
    "case.objected": ("已提出异议，由上级审核", "You objected; a higher level looks at it"),
    "case.objection_refused": ("上级维持不予受理", "The higher level upholds it"),
    "case.recused": ("已转上级办理，被反映单位看不到", "With the level above; the unit it is about does not see it"),
    "case.info_given": ("已补充信息", "More was told"),
    "case.info_missing": ("逾期未补充信息", "Not told in time"),
    "case.escalated": ("已上报上级", "Brought to the level above"),
    "clock.breached": ("已超时", "Overdue"),
    "clock.extended": ("已延期", "Put off"),
    "report.unrouted": ("超时未派单，已提醒", "With no unit in time; somebody was reminded"),
    "report.added": ("您补充了情况", "You added something"),
    "report.withdrawn": (
        "您已撤回上报，由承办单位核实后结束",
        "You took it back; the unit in charge looks and ends it",
    ),
    "photo.unreadable": ("照片无法读取，请重新上传", "The photo cannot be read; please send it again"),
    "feedback": ("谢谢您的反馈", "Thank you for telling us"),
}
_HOW: Mapping[str, tuple[str, str]] = {
    "agreement": ("协商解决，", "by agreement: "),
    "enforcement": ("执法处理，", "by enforcement: "),
    "elsewhere": ("不属本平台办理，请找", "not dealt with here; please turn to "),
    "referral": ("转其他渠道，", "referred: "),
    "answered": ("解释答复，", "our answer: "),
    "unfounded": ("查无此事，", "nothing was found: "),
    "self_restored": ("已自行恢复，", "it is gone by itself: "),
    "long_term": ("挂账，", "kept on the books: "),
}
"""How a case ended, before the officer's words; a repair needs none."""
_STEPS: Mapping[ReporterStep, tuple[str, str]] = {
    "clock.extended": ("延期至{until}", "Put off until {until}"),
}
"""Built-in lines that name a value; where that is missing, the word stands alone."""
_MESSAGES: Mapping[ReporterStep, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "queued": (
        ("收到！已派给【{unit}】，{promise}响应", "已派给【{unit}】，尚未响应"),
        ("Received! {unit} has it and responds {promise}", "Sent to {unit}, which has not responded yet"),
    ),
    "resolved": (
        ("您上报的{category}问题已处置：{done}", "您上报的{category}问题已处置"),
        ("What you reported ({category}) was dealt with: {done}", "What you reported ({category}) was dealt with"),
    ),
    "closed": (
        ("您上报的{category}问题已办结：{done}", "您上报的{category}问题已办结"),
        ("What you reported ({category}) is closed: {done}", "What you reported ({category}) is closed"),
    ),
    "reopened": (
        ("【{unit}】重新办理，办结时限{resolve_by}", "【{unit}】重新办理"),
        ("{unit} deals with it again; it is due by {resolve_by}", "{unit} deals with it again"),
    ),
    "rejected": (
        ("您上报的{category}问题未受理，原因：{why}", "未受理，原因：{why}"),
        ("What you reported ({category}) was not accepted: {why}", "Not accepted: {why}"),
    ),
    "feedback": (
        ("谢谢您的反馈，已记入【{unit}】的工单",),
        ("Thank you for telling us; it is on the record of {unit}",),
    ),
}
"""The built-in sentences of a state, Chinese and English, the fullest first; the first that can be filled is said."""
_OBJECT = (
    "如不同意，可在{by}前提出一次异议，由上一级审核：评价选“不满意”，写明理由",
    "If you disagree, object once, before {by}: rate it 1 (not satisfied) and say why; a higher level looks at it",
)
"""After why a case is not taken on; the rating is the objection."""
_ON_RECORD = (
    "当场处置情况已记入【{unit}】正在办理的同一工单，由其核实办结",
    "What you did is on the record of the case that {unit} has open; its desk looks and ends it",
)
_SAMPLES: Mapping[Sample, tuple[str, str]] = {
    "drawn": ("已抽中核查，由上级或核查员查看", "It was drawn: the level above or an inspector looks"),
    "not_drawn": ("未抽中核查，自动办结", "It was not drawn for inspection and is closed"),
}
_MESSAGE = "{word}：{unit}", "{word}: {unit}"
_JOINED = "已与同一问题合并（{reports}人上报）", "Joined with reports of the same problem ({reports} by now)"


def objection_said(by: str, language: str) -> str:
    """That the reporter may object to a rejection, until when and how, after the sentence that says why."""
    return _OBJECT[not is_chinese(language)].format(by=by)


def may_name(state: ReporterStep) -> frozenset[str]:
    """The placeholders that texts of that state may use."""
    return BEFORE if state in WITHOUT_CASE else OF_CASE | OF_ONE.get(state, frozenset())


def is_chinese(language: str) -> bool:
    """Whether the built-in words for ``language`` are Chinese; for all other languages they are English."""
    return language.startswith("zh")


def word(state: ReporterStep, language: str) -> str:
    """The built-in word of a state or step."""
    return _WORDS[state][not is_chinese(language)]


def built_in_messages(state: ReporterStep, language: str) -> tuple[str, ...]:
    """The templates of the built-in sentence on a report's status, fullest first; the last is the general one."""
    return (*_MESSAGES.get(state, ((), ()))[not is_chinese(language)], plain_message(language))


def built_in_step(state: ReporterStep, language: str) -> str | None:
    """The template of a built-in line among the steps that says more than the word."""
    return _STEPS[state][not is_chinese(language)] if state in _STEPS else None


def done_said(how: str, words: str, language: str) -> str:
    """What was done, in the officer's words, after how it ended."""
    before = _HOW.get(how, ("", ""))[not is_chinese(language)]
    return f"{before}{words}"


def plain_message(language: str) -> str:
    """The general sentence; ``{word}`` stands for the state's word."""
    return _MESSAGE[not is_chinese(language)]


def joined_message(language: str) -> str:
    """The built-in sentence for a report that joined a case which others reported too."""
    return _JOINED[not is_chinese(language)]


def sample_said(sample: Sample, language: str) -> str:
    """What follows for who handled a patrol find on the spot."""
    return _SAMPLES[sample][not is_chinese(language)]


def on_record_message(language: str) -> str:
    """For who handled on the spot what others had reported: nobody thanks an officer for telling."""
    return _ON_RECORD[not is_chinese(language)]


def reasons(first: str | None, further: str, language: str) -> str:
    """Two reasons as one text, with a semicolon between them; the first may have ended as a sentence."""
    if not first:
        return further
    return f"{first.rstrip('。；.; ')}{'；' if is_chinese(language) else '; '}{further}"


def sentences(first: str, second: str, language: str) -> str:
    """``first`` and ``second`` joined, with a full stop between them unless ``first`` ends with a punctuation mark."""
    stop, blank = ("。", "") if is_chinese(language) else (".", " ")
    return f"{first}{'' if first.endswith(tuple('。！？.!?')) else stop}{blank}{second}"
