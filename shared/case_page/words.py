"""The words of the case page, Chinese and English: one table, so that no page lacks one."""

from datetime import date, datetime, tzinfo

WORDS: dict[str, tuple[str, str]] = {
    # states, as a desk reads them
    "state.queued": ("待签收", "Queued"),
    "state.acknowledged": ("已签收", "Acknowledged"),
    "state.claimed": ("已接单", "Claimed"),
    "state.on_site": ("已到场", "On site"),
    "state.in_progress": ("处置中", "In progress"),
    "state.waiting_reporter": ("待补充信息", "Waiting for the reporter"),
    "state.resolved": ("待核查", "Waiting for inspection"),
    "state.closed": ("已办结", "Closed"),
    "state.rejected": ("不予受理", "Rejected"),
    "state.merged": ("已并单", "Merged"),
    "state.reopened": ("重新办理", "Reopened"),
    "priority.danger": ("危急", "Danger"),
    "priority.urgent": ("紧急", "Urgent"),
    "priority.normal": ("一般", "Normal"),
    "priority.low": ("可缓", "Low"),
    # clocks
    "clock.acknowledge": ("签收时限", "Acknowledge"),
    "clock.on_site": ("到场时限", "On site"),
    "clock.resolve": ("办结时限", "Resolve"),
    "clock.report_in": ("报到时限", "Report in"),
    "clock.finish_part": ("协办时限", "Finish the part"),
    "clock.confirm": ("补充信息时限", "Answer of the reporter"),
    "clock.review": ("审批时限", "Ruling"),
    "running": ("剩余{}", "{} left"),
    "overdue": ("已超时{}", "{} overdue"),
    "paused": ("已挂起", "Paused"),
    "met": ("按时", "In time"),
    "breached": ("已超时", "Too late"),
    # buttons
    "accept": ("接收", "Accept"),
    "refuse": ("不接收", "Decline"),
    "approve_pause": ("同意挂起", "Grant the pause"),
    "refuse_pause": ("不同意挂起", "Refuse the pause"),
    "approve_extension": ("同意延期", "Grant the extension"),
    "refuse_extension": ("不同意延期", "Refuse the extension"),
    "approve_return": ("同意退单", "Grant the return"),
    "refuse_return": ("驳回退单", "Refuse the return"),
    "approve_reject": ("同意不予受理", "Do not take it on"),
    "refuse_reject": ("不同意不予受理", "Take it on"),
    "approve_objection": ("异议成立", "The objection holds"),
    "refuse_objection": ("维持不予受理", "Uphold the rejection"),
    "reopen": ("重新办理", "Open it again"),
    "approve_outcome": ("同意办结", "Grant the ending"),
    "refuse_outcome": ("不同意办结", "Work on"),
    "report_in": ("报到", "Report in"),
    "finish_part": ("处置反馈", "Part done"),
    "inspect_ok": ("核查通过", "Passed inspection"),
    "inspect_not_ok": ("核查不通过", "Failed inspection"),
    "close": ("办结", "Close"),
    "recuse": ("回避", "Recuse"),
    "lift_recusal": ("不需回避", "No recusal"),
    "redirect": ("转告", "Send elsewhere"),
    "mark_sensitive": ("敏感件", "Sensitive"),
    "unmark_sensitive": ("非敏感件", "Not sensitive"),
    "unmask": ("查看号码", "Show the number"),
    "record_call": ("记录回访", "Record the call"),
    "claim": ("接单", "Claim"),
    "acknowledge": ("签收", "Acknowledge"),
    "on_site": ("到场", "On site"),
    "resolve": ("处置完成", "Resolved"),
    "note": ("跟进", "Note"),
    # what was done
    "done.accept": ("已接收，工单转入您所在单位。", "Accepted: the case is your unit's now."),
    "done.refuse": ("已退回，未接收。", "Declined."),
    "done.approve_pause": ("已同意挂起。", "The pause is granted."),
    "done.refuse_pause": ("已驳回挂起申请。", "The pause is refused."),
    "done.approve_extension": ("已同意延期。", "The extension is granted."),
    "done.refuse_extension": ("已驳回延期申请。", "The extension is refused."),
    "done.approve_return": ("已同意退单，已二次派单。", "The return is granted: another unit has the case now."),
    "done.refuse_return": ("已驳回退单，由原单位办理。", "The return is refused: the unit handles it."),
    "done.approve_reject": ("已同意不予受理，已告知上报人。", "It is not taken on; the reporter reads why."),
    "done.refuse_reject": ("已驳回，由原单位办理。", "The unit handles it."),
    "done.approve_objection": ("异议成立，工单重新办理。", "The case is open again."),
    "done.refuse_objection": ("已维持不予受理，已告知上报人。", "The rejection stays; the reporter reads why."),
    "done.reopen": ("工单已重新办理。", "The case is open again."),
    "done.approve_outcome": ("已同意，待核查。", "Granted; somebody else inspects it."),
    "done.refuse_outcome": ("已驳回，由原单位继续办理。", "The unit works on."),
    "done.report_in": ("已报到。", "You have reported in."),
    "done.finish_part": ("已反馈处置结果。", "Your part is recorded as done."),
    "done.inspect_ok": ("核查通过，已记录。", "Recorded: it passed inspection."),
    "done.inspect_not_ok": ("核查不通过，工单重新办理。", "Recorded: it failed inspection and is open again."),
    "done.close": ("已办结。", "Closed."),
    "done.recuse": ("已回避，转上级办理。", "Recused: the level above has it now."),
    "done.lift_recusal": ("已记录：不需回避。", "Recorded: nobody is recused from it."),
    "done.redirect": ("已告知上报人去向，工单已办结。", "The reporter reads where to go; the case is closed."),
    "done.mark_sensitive": ("已标为敏感件，已告知上级。", "Marked as sensitive; those above are told."),
    "done.unmark_sensitive": ("已记录：不属敏感件。", "Recorded: it is not sensitive."),
    "done.unmask": (
        "上报人：{}，电话：{}。本次查看已记录；离开本页后不再显示。",
        "Reporter: {}, telephone: {}. That you looked is on record; the number is gone when you leave this page.",
    ),
    "done.record_call": ("回访已记录。", "The call is recorded."),
    "not_left": ("未留", "not left"),
    "done.claim": ("已接单，工单在您名下。", "It is yours now."),
    "done.acknowledge": ("已签收。", "Acknowledged."),
    "done.on_site": ("已到场，已记录。", "Recorded: you are on site."),
    "done.resolve": ("处置完成，已记录，待核查。", "Recorded as resolved; somebody else inspects it."),
    "done.note": ("跟进已记录。", "Your note is recorded."),
    # what the case needs from the reader
    "need.accept": ("转来的工单，请接收或不接收。", "This case is offered to your unit: accept it or decline."),
    "need.approve_pause": ("申请挂起，请审批。", "A pause is asked for: grant or refuse it."),
    "need.approve_extension": ("申请延期，请审批。", "An extension is asked for: grant or refuse it."),
    "need.approve_return": ("申请退单，请审核。", "A unit returns this case: review it."),
    "need.refuse_return": (
        "申请退单，未建议单位，也没有可派的单位：请驳回，或由上级指定。",
        "A unit returns this case and suggests no other, and none is below you: refuse it, or a level above names one.",
    ),
    "need.approve_reject": ("申请不予受理，请审批。", "A unit asks not to take it on: grant or refuse it."),
    "need.approve_objection": (
        "上报人对不予受理有异议，请审核。",
        "The reporter objects to the rejection: rule on it.",
    ),
    "need.approve_outcome": ("申请办结（查无此事或挂账），请审批。", "An ending is asked for: grant or refuse it."),
    "need.report_in": ("贵单位被吹哨，请报到。", "Your unit is called in: report in."),
    "need.finish_part": ("请处置后反馈结果。", "Do your part, then say what was done."),
    "need.reopen": (
        "挂账工单：能办理或需再次挂账的，请重新办理。",
        "It is kept on the books: open it again to deal with it, or to keep it there longer.",
    ),
    "need.inspect": ("处置已完成，请核查。", "It is resolved: please inspect."),
    "need.close": ("核查已通过，可以办结。", "It passed inspection and can be closed."),
    "need.recuse": ("疑似反映承办单位，请研判是否回避。", "It may be about the unit that has it: decide."),
    "need.redirect": ("可能不属本平台办理，请核实后转告。", "It may be for somebody else: check, then send it there."),
    "need.mark_sensitive": ("疑似敏感件，请研判。", "It may be sensitive: decide."),
    "need.unmask": (
        "该工单办结后未评价，请回访上报人：先查看号码，再记录结果。",
        "Nobody rated it: call the reporter. Show the number first, then record what came of the call.",
    ),
    "need.record_call": (
        "该工单办结后未评价，请回访上报人，并记录结果。",
        "Nobody rated it: call the reporter, and record what came of the call.",
    ),
    "need.note": ("请贵单位参加会商，回复意见。", "Your unit is consulted: say what you think."),
    "need.claim": ("请接单。", "Please claim it."),
    "need.on_site": ("请到场核实。", "Please go there."),
    "need.resolve": ("处置后请填写结果。", "When the work is done, say what was done."),
    "need.none": ("目前无需您操作。", "Nothing is needed from you now."),
    "need.waiting_reporter": ("正等待上报人补充信息。", "It waits for the reporter's answer."),
    "has_it": ("已由{}接单。", "{} has it now."),
    "yours": ("工单在您名下。", "It is yours."),
    "offered": ("已转{}，待对方接收。", "It is offered to {}, which has not accepted yet."),
    "supervised": ("督办工单：由{}办理。", "Under supervision: {} works on it."),
    "watching": ("由{}办理。", "{} works on it."),
    # headings and labels
    "title": ("工单提醒", "Case reminder"),
    "now": ("当前要做的", "What to do now"),
    "more": ("其他操作", "Other steps"),
    "answers": ("上报时的回答", "What reporters answered"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "place": ("地点", "Place"),
    "unit": ("责任单位", "Unit"),
    "ground": ("属地", "Ground"),
    "clocks": ("时限", "Deadlines"),
    "photos": ("照片", "Photos"),
    "photo": ("现场照片{}", "Photo {}"),
    "told": ("已告知", "Also told"),
    "told_more": ("等{}人", "and others, {} in all"),
    "consultation": ("会商", "Consultation"),
    "conclusion": ("结论：{}", "Conclusion: {}"),
    "record": ("流转记录", "What was done"),
    "parts": ("协办单位", "Units called in"),
    "asks": ("申请", "Requests"),
    "reports": ("{}人上报", "{} reports"),
    "confidential": ("隐名上报", "Confidential"),
    "no_place": ("未写明地点，请看地图", "No place in words; see the map"),
    "no_location": ("未写明地点", "No place was given"),
    "geo": ("用地图打开（WGS-84坐标）", "Open in a map (WGS-84)"),
    "gaode": ("高德地图（GCJ-02坐标）", "Gaode map (GCJ-02)"),
    "until": ("至{}", "until {}"),
    "due": ("截止{}", "due {}"),
    "reporter": ("上报人", "the reporter"),
    "asked_by": ("{}申请", "asked for by {}"),
    "part.waiting": ("未轮到", "not yet its turn"),
    "part.called": ("待报到", "called"),
    "part.reported_in": ("已报到", "reported in"),
    "part.finished": ("已反馈", "done"),
    "part.excused": ("无需再办", "not needed any more"),
    "ask.pause": ("申请挂起", "Pause"),
    "ask.extension": ("申请延期", "Extension"),
    "ask.return": ("申请退单", "Return"),
    "ask.rejection": ("申请不予受理", "Not to take it on"),
    "ask.outcome": ("申请办结", "An ending"),
    "ask.objection": ("对不予受理有异议", "Objection"),
    # forms
    "field.reason": ("理由", "Reason"),
    "field.reason.recuse": ("反映的是谁，为何回避", "Whom it is about"),
    "field.day": ("挂账复查日期", "On the books: day to look again"),
    "field.reason.reopen": ("为何重新办理", "Why it is opened again"),
    "field.to": ("派给哪个单位", "Which unit gets it"),
    "field.to.nobody": ("请选择", "Choose"),
    "field.reason.unmask": ("为何查看，如：电话回访", "Why you need it, as: to call back"),
    "field.call": ("回访结果", "What came of the call"),
    "field.words": ("上报人的意见（不满意或不再回访时必填）", "What was said (required if not satisfied or given up)"),
    "call.satisfied": ("满意", "Satisfied"),
    "call.mostly_satisfied": ("基本满意", "Mostly satisfied"),
    "call.dissatisfied": ("不满意（重新办理）", "Not satisfied: it is opened again"),
    "call.not_reached": ("未接通", "Not reached"),
    "call.never_reached": ("无法接通，不再回访（空号、拒访等）", "Cannot be reached: nobody calls again"),
    "field.kind": ("哪一类", "Which kind"),
    "sensitive.mass_incident": ("群体性事件", "Mass incident"),
    "sensitive.self_harm": ("有人轻生", "Self-harm"),
    "sensitive.media": ("涉媒体", "Media"),
    "field.text": ("处置情况", "What was done"),
    "field.text.inspect_not_ok": ("哪里不合格", "What is wrong"),
    "field.text.note": ("意见", "Your note"),
    "field.how": ("办理方式", "How it ended"),
    "field.photo.asked": ("处置后照片（选填）", "Photo of what was done (optional)"),
    "field.photo.required": ("处置后照片（必传）", "Photo of what was done (required)"),
    "how.repair": ("处置完成", "Repaired"),
    "how.agreement": ("协商解决", "By agreement"),
    "how.enforcement": ("执法处理", "By enforcement"),
    "how.referral": ("转其他渠道", "Referred elsewhere"),
    "how.answered": ("解释答复", "Answered"),
    "how.unfounded": ("查无此事（须上级同意）", "Nothing was found (granted above)"),
    "how.long_term": ("挂账（须上级同意）", "Kept on the books (granted above)"),
    "how.self_restored": ("已自行恢复", "Gone by itself"),
    "link.expired": ("链接已过期，请登录后在待办工单中查看。", "This link has ended; sign in and look in your queue."),
    "link.unseen": (
        "该工单已不由您所在单位办理，您无权查看。",
        "This case is not for your unit any more; sign in to see your own work.",
    ),
    "link.removed": (
        "您已不在本市人员名单中，不能查看或操作。",
        "You are not in the city's list of people any more; nothing is shown.",
    ),
    "link.later": ("暂时无法打开，请稍后再试。", "It cannot be opened now; try again in a moment."),
    "link.not_recorded": ("暂未记录，请再按一次。", "Not recorded, press again."),
    "again": ("再按一次", "Press again"),
    "sign_in": ("登录查看待办工单", "Sign in and see your open work"),
    "not_for_secrets": (
        "本系统为非涉密系统，严禁上传国家秘密、工作秘密。",
        "This system is not for classified information: enter no state secrets and no work secrets.",
    ),
}

NEAR_DAYS: dict[int, tuple[str, str]] = {
    -1: ("昨天", "yesterday"),
    0: ("今天", "today"),
    1: ("明天", "tomorrow"),
    2: ("后天", "the day after tomorrow"),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

ROLES: dict[str, tuple[str, str]] = {
    "duty_officer": ("值班员", "duty officer"),
    "grid_leader": ("网格长", "grid leader"),
    "grid_member": ("专职网格员", "grid member"),
    "parttime_grid_member": ("兼职网格员", "part-time grid member"),
    "supervisor": ("负责人", "supervisor"),
    "inspector": ("核查员", "inspector"),
    "department_officer": ("部门值班员", "department officer"),
    "property": ("物业", "property company"),
    "member": ("队员", "member"),
}


class Words:
    """One language. ``words("has_it", "张三")`` is a sentence with its values. ``notice``: what each page says
    above all; None: nothing."""

    def __init__(self, language: str, notice: str | None = None) -> None:
        self.notice = notice
        self.language = "zh-CN" if language.startswith("zh") else "en"
        self.code = self.language[:2]
        self._place = 0 if self.code == "zh" else 1

    def __call__(self, name: str, *values: object) -> str:
        return WORDS[name][self._place].format(*values)

    def of(self, pair: tuple[str, str]) -> str:
        """The one of two texts that is in this language."""
        return pair[self._place]

    def role(self, role: str | None) -> str:
        """The name of a role; empty for none, or one that a newer version has."""
        return self.of(ROLES.get(role or "", ("", "")))

    def span(self, minutes: int) -> str:
        """``2小时15分``, ``2 h 15 min``; two units at most."""
        days, minutes = divmod(minutes, 24 * 60)
        hours, minutes = divmod(minutes, 60)
        if self.code == "zh":
            minute = "分" if hours or days else "分钟"
            parts = [f"{n}{unit}" for n, unit in ((days, "天"), (hours, "小时"), (minutes, minute)) if n]
            return "".join(parts[:2]) or "0分钟"
        parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n]
        return " ".join(parts[:2]) or "0 min"

    def moment(self, at: datetime, now: datetime, zone: tzinfo) -> str:
        """``今天19:15``, ``3月5日9:30``; ``today 19:15``, ``5 Mar 09:30``: in the city's ``zone``; another
        year is said."""
        local, today = at.astimezone(zone), now.astimezone(zone).date()
        chinese = self.code == "zh"
        near = NEAR_DAYS.get((local.date() - today).days)
        day = self.of(near) if near is not None else self.day(local)
        if local.year != today.year and near is None:
            day = f"{local.year}年{day}" if chinese else f"{day} {local.year}"
        return f"{day}{local.hour}:{local:%M}" if chinese else f"{day} {local:%H:%M}"

    def day(self, day: date) -> str:
        """``3月5日``, ``5 Mar``."""
        return f"{day.month}月{day.day}日" if self.code == "zh" else f"{day.day} {MONTHS[day.month - 1]}"

    def left(self, due_at: datetime, now: datetime) -> tuple[str, bool]:
        """剩余2小时15分 or 已超时40分钟, and whether it is over."""
        late = due_at <= now
        span = self.span(int(abs((due_at - now).total_seconds()) // 60))
        return self("overdue" if late else "running", span), late
