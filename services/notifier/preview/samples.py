"""One example of everything that officers are alerted of."""

from datetime import timedelta
from typing import Any

from services.notifier.preview.example_case import ASKER, AT, DUE, OFFICER, PART, Sample, clock
from shared.contracts.cases import OutcomeState, PauseState

_LATE = timedelta(minutes=42)
_ON_THE_BOOKS = {"state": "closed", "clocks": [], "outcome": OutcomeState(at=AT, how="long_term")}
_ON_SITE = {"clock": "on_site", "due_at": AT + DUE["on_site"]}
_RESOLVE = {"clock": "resolve", "due_at": AT + DUE["resolve"], "tell": ["{owner}"], "by": OFFICER}
_ASKED = {**_RESOLVE, "tell": ["{above}"], "by": ASKER, "until": AT + timedelta(days=2)}
_REVIEW = {"clock": "review", "due_at": AT + timedelta(hours=2), "tell": ["{above}"]}
_PAUSED = PauseState(from_=AT, until=AT + timedelta(days=2), reason="part_ordered")
_OF_PART = {"part": PART, "by": OFFICER}
_BACK = {"tell": ["{owner}"]}
_FOUND = {
    **_BACK,
    "by": OFFICER,
    "reporter_word": "fixed",
    "told": ("已关阀换管", "closed the valve, changed the pipe"),
}
_HANDLED: dict[str, Any] = {"state": "resolved", "sample": "drawn", "channel": "patrol", "assignee": None, "clocks": []}

SAMPLES: tuple[Sample, ...] = (
    Sample("case.opened.v1", ("新工单", "a new case"), case={"state": "queued", "assignee": None}),
    Sample("case.opened.v1", ("新工单，危急", "a new case in danger"), case={"state": "queued", "priority": "danger"}),
    Sample(
        "case.opened.v1",
        ("巡查当场已处置，抽中核查", "handled on patrol, drawn for inspection"),
        event={"tell": ["{above}"], "by": OFFICER},
        case=_HANDLED,
    ),
    Sample(
        "case.opened.v1",
        ("危急，巡查当场已处置（值班只见收件箱）", "a danger handled on patrol (the desk: inbox only)"),
        event={"tell": ["{above}"], "by": OFFICER},
        case={**_HANDLED, "priority": "danger"},
    ),
    Sample("clock.warned.v1", ("到场即将超时", "arrival is due soon"), timedelta(minutes=24), {**_ON_SITE, **_BACK}),
    Sample("clock.breached.v1", ("到场超时", "arrival is overdue"), DUE["on_site"], {**_ON_SITE, **_BACK}),
    Sample(
        "case.escalated.v1",
        ("超时后告知上级", "a rung tells the level above"),
        _LATE,
        {**_ON_SITE, "act": "tell", "tell": ["{above}"]},
    ),
    Sample(
        "case.escalated.v1",
        ("超时后上级督办", "a rung lets the level above supervise"),
        _LATE,
        {**_ON_SITE, "act": "supervise", "tell": ["{above}"]},
    ),
    Sample(
        "case.escalated.v1",
        ("超时后移交上级", "a rung moves the case up"),
        _LATE,
        {**_ON_SITE, "act": "move_to", "tell": ["{above}"]},
    ),
    Sample(
        "case.escalated.v1",
        ("提级", "an officer brings it up"),
        event={"act": "tell", "tell": ["{above}"], "by": OFFICER, "told": ("阀门不归社区管", "the valve is not ours")},
    ),
    Sample("case.escalated.v1", ("两次不接收", "refused twice"), event={"act": "tell", "tell": ["{above}"]}),
    Sample(
        "case.opened.v1",
        ("疑似反映承办单位", "its words may be about the owner"),
        event={"judges": ["{above}"]},
        case={"suspected": ["about_us"], "discreet": True},
    ),
    Sample(
        "case.opened.v1",
        ("疑似敏感件", "its words may be sensitive"),
        event={"judges": ["{above}"]},
        case={"suspected": ["mass_incident"], "discreet": True},
    ),
    Sample(
        "case.marked_sensitive.v1",
        ("敏感件", "marked as sensitive"),
        event={"tell": ["{above}"]},
        case={"sensitive": "self_harm", "discreet": True, "place": None, "summary": None},
    ),
    Sample(
        "case.recused.v1",
        ("回避", "the owner is recused"),
        event={"tell": ["{above}"], "told": ("反映的是我社区", "it is about our people")},
        case={"recused": True, "discreet": True},
    ),
    Sample(
        "case.supervised.v1",
        ("上级督办", "a level above supervises"),
        event={**_BACK, "told": ("请今日办结", "today, please")},
    ),
    Sample("case.forgotten.v1", ("长期未处理", "nobody works at it"), event=_BACK),
    Sample(
        "case.offered.v1",
        ("转办", "offered to another unit"),
        event={"tell": ["{other}"], "told": ("属贵辖区", "it is on your ground")},
    ),
    Sample(
        "case.refused.v1",
        ("对方不接收", "the offer is refused"),
        event={**_BACK, "told": ("不属我辖区", "it is not on our ground")},
    ),
    Sample(
        "case.return_requested.v1",
        ("申请退单", "a unit returns it"),
        event={**_REVIEW, "by": ASKER, "told": ("属地不符：在路东", "it is not in our area: east of the road")},
        case={"clocks": [clock("review", "running"), clock("resolve", "running")]},
    ),
    Sample(
        "clock.breached.v1",
        ("审批超时", "the ruling is overdue"),
        timedelta(hours=2),
        _REVIEW,
        {"clocks": [clock("review", "breached"), clock("resolve", "running")]},
    ),
    Sample(
        "case.returned.v1",
        ("同意退单", "the return is granted"),
        event={"tell": ["{other}"], "asked_by": ASKER, "told": ("路东归贵单位", "east of the road is yours")},
    ),
    Sample(
        "case.return_refused.v1",
        ("驳回退单", "the return is refused"),
        event={**_BACK, "asked_by": ASKER, "told": ("在贵辖区", "it is on your ground")},
    ),
    Sample(
        "case.rejection_requested.v1",
        ("申请不予受理", "a unit asks not to take it on"),
        event={**_REVIEW, "by": ASKER, "told": ("属于信访事项", "it is a petition")},
        case={"clocks": [clock("review", "running"), clock("resolve", "running")]},
    ),
    Sample(
        "case.rejected.v1",
        ("同意不予受理", "it is not taken on"),
        event={**_BACK, "asked_by": ASKER},
        case={"state": "rejected", "clocks": []},
    ),
    Sample(
        "case.rejection_refused.v1",
        ("不同意不予受理", "the rejection is refused"),
        event={**_BACK, "asked_by": ASKER, "told": ("属受理范围", "we do take this on")},
    ),
    Sample(
        "case.outcome_requested.v1",
        ("申请办结", "an ending is asked for"),
        event={**_REVIEW, "by": ASKER, "told": ("查无此事，现场未见漏水", "nothing was found: it is dry there")},
        case={"clocks": [clock("review", "running"), clock("resolve", "running")]},
    ),
    Sample(
        "case.outcome_refused.v1",
        ("不同意办结", "the ending is refused"),
        event={**_BACK, "asked_by": ASKER, "told": ("请到东门再看", "look again at the east gate")},
    ),
    Sample(
        "case.objected.v1",
        ("上报人有异议", "the reporter objects"),
        event=_REVIEW,
        case={"state": "rejected", "clocks": [clock("review", "running")]},
    ),
    Sample("case.moved.v1", ("工单转入", "the case comes to another unit")),
    Sample("case.placed.v1", ("上报人说明地点", "the reporter says where it is")),
    Sample("case.placed.v1", ("说明地点，承办单位不变", "the reporter says where it is, same owner"), event=_BACK),
    Sample("case.assigned.v1", ("指派", "assigned to a person")),
    Sample(
        "case.called_in.v1",
        ("吹哨", "a unit is called in"),
        event={**_OF_PART, "tell": ["{other}"], "told": ("关阀", "shut the valve")},
    ),
    Sample(
        "case.part_started.v1",
        ("方案轮到", "its turn in a plan"),
        event={**_OF_PART, "tell": ["{other}"], "told": ("画线", "mark the bays")},
    ),
    Sample("case.reported_in.v1", ("报到", "it reports in"), event={**_OF_PART, **_BACK}),
    Sample(
        "case.part_finished.v1",
        ("处置反馈", "its part is done"),
        event={**_OF_PART, **_BACK, "told": ("已关阀", "the valve is shut")},
    ),
    Sample("case.part_excused.v1", ("无需再办", "its part is not needed"), event={**_OF_PART, "tell": ["{other}"]}),
    Sample(
        "clock.breached.v1",
        ("报到超时", "reporting in is overdue"),
        timedelta(hours=2),
        {"part": PART, "clock": "report_in", "due_at": AT + timedelta(hours=2), "tell": ["{other}", "{owner}"]},
    ),
    Sample(
        "case.consulted.v1",
        ("提请会商", "a consultation"),
        event={"tell": ["{other}"], "told": ("谁出资？", "who pays?")},
    ),
    Sample(
        "case.concluded.v1",
        ("会商结论", "it is concluded"),
        event={"tell": ["{owner}", "{other}"], "told": ("物业出资", "the property company pays")},
    ),
    Sample("case.planned.v1", ("整改方案", "a works plan"), event={"tell": ["{owner}", "{other}"]}),
    Sample("clock.pause_requested.v1", ("申请挂起", "a pause is asked for"), event=_ASKED),
    Sample(
        "clock.paused.v1",
        ("同意挂起", "the pause is granted"),
        event={**_RESOLVE, "asked_by": ASKER},
        case={"clocks": [clock("resolve", "paused", pauses=[_PAUSED])]},
    ),
    Sample(
        "clock.pause_refused.v1",
        ("不同意挂起", "the pause is refused"),
        event={**_RESOLVE, "asked_by": ASKER, "told": ("请抓紧办理", "please hurry")},
    ),
    Sample(
        "clock.extension_requested.v1",
        ("申请延期", "an extension is asked for"),
        event={**_ASKED, "told": ("配件未到", "the part has not come")},
    ),
    Sample("clock.extended.v1", ("同意延期", "the extension is granted"), event={**_RESOLVE, "asked_by": ASKER}),
    Sample(
        "clock.extension_refused.v1",
        ("不同意延期", "the extension is refused"),
        event={**_RESOLVE, "asked_by": ASKER, "told": ("请抓紧办理", "please hurry")},
    ),
    Sample("case.noted.v1", ("上报人补充", "the reporter adds"), event={**_BACK, "reporter_word": "added"}),
    Sample("case.noted.v1", ("上报人称已处置", "the reporter says fixed"), event={**_BACK, "reporter_word": "fixed"}),
    Sample("case.noted.v1", ("上报人撤回", "the reporter withdraws"), event={**_BACK, "reporter_word": "withdrawn"}),
    Sample("case.confirmed.v1", ("又一人称已处置", "another says fixed"), event={**_BACK, "reporter_word": "fixed"}),
    Sample("case.confirmed.v1", ("工单未结，巡查称已当场处置", "a find on an open case"), event=_FOUND),
    Sample("case.info_given.v1", ("上报人已答复", "the reporter answers"), event=_BACK),
    Sample("case.info_missing.v1", ("上报人未答复", "the reporter does not answer"), event=_BACK),
    Sample("case.priority_raised.v1", ("多人上报", "many report it"), event=_BACK, case={"report_count": 5}),
    Sample("case.resolved.v1", ("处置完成", "resolved"), event={**_BACK, "by": OFFICER}, case={"clocks": []}),
    Sample("case.reopened.v1", ("重新办理", "opened again"), event={"tell": ["{above}"]}),
    Sample(
        "case.reopened.v1",
        ("回访不满意，提级重新办理", "the reporter, when called, is not satisfied"),
        event={"tell": ["{above}"], "by": OFFICER, "told": ("还在漏水", "it still leaks")},
    ),
    Sample("case.follow_up.v1", ("复查日到", "the day to look again"), event=_BACK, case={"clocks": []}),
    Sample(
        "case.follow_up.v1",
        ("挂账到期", "kept on the books: its day"),
        event={"tell": ["{owner}", "{above}"], "due_at": AT},
        case=_ON_THE_BOOKS,
    ),
)
