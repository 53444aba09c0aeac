"""The words of the case page, Chinese and English: one table, so that no page lacks one."""

from datetime import datetime

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
    "report_in": ("报到", "Report in"),
    "finish_part": ("处置反馈", "Part done"),
    "inspect_ok": ("核查通过", "Passed inspection"),
    "inspect_not_ok": ("核查不通过", "Failed inspection"),
    "close": ("办结", "Close"),
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
    "done.report_in": ("已报到。", "You have reported in."),
    "done.finish_part": ("已反馈处置结果。", "Your part is recorded as done."),
    "done.inspect_ok": ("核查通过，已记录。", "Recorded: it passed inspection."),
    "done.inspect_not_ok": ("核查不通过，工单重新办理。", "Recorded: it failed inspection and is open again."),
    "done.close": ("已办结。", "Closed."),
    "done.claim": ("已接单，工单在您名下。", "It is yours now."),
    "done.acknowledge": ("已签收。", "Acknowledged."),
    "done.on_site": ("已到场，已记录。", "Recorded: you are on site."),
    "done.resolve": ("处置完成，已记录，待核查。", "Recorded as resolved; somebody else inspects it."),
    "done.note": ("跟进已记录。", "Your note is recorded."),
    # what the case needs from the reader
    "need.accept": ("转来的工单，请接收或不接收。", "This case is offered to your unit: accept it or decline."),
    "need.approve_pause": ("申请挂起，请审批。", "A pause is asked for: grant or refuse it."),
    "need.approve_extension": ("申请延期，请审批。", "An extension is asked for: grant or refuse it."),
    "need.report_in": ("贵单位被吹哨，请报到。", "Your unit is called in: report in."),
    "need.finish_part": ("请处置后反馈结果。", "Do your part, then say what was done."),
    "need.inspect": ("处置已完成，请核查。", "It is resolved: please inspect."),
    "need.close": ("核查已通过，可以办结。", "It passed inspection and can be closed."),
    "need.note": ("请贵单位参加会商，回复意见。", "Your unit is consulted: say what you think."),
    "need.claim": ("请接单。", "Please claim it."),
    "need.on_site": ("请到场核实。", "Please go there."),
    "need.resolve": ("处置后请填写结果。", "When the work is done, say what was done."),
    "need.none": ("目前无需您操作。", "Nothing is needed from you now."),
    "need.waiting_reporter": ("正等待上报人补充信息。", "It waits for the reporter's answer."),
    "has_it": ("已由{}接单。", "{} has it now."),
    "yours": ("工单在您名下。", "It is yours."),
    "offered": ("已转{}，待对方接收。", "It is offered to {}, which has not accepted yet."),
    "watching": ("督办工单：由{}办理。", "Under supervision: {} works on it."),
    # headings and labels
    "title": ("工单提醒", "Case reminder"),
    "now": ("当前要做的", "What to do now"),
    "more": ("其他操作", "Other steps"),
    "place": ("地点", "Place"),
    "unit": ("责任单位", "Unit"),
    "grid": ("网格", "Grid"),
    "clocks": ("时限", "Deadlines"),
    "photos": ("照片", "Photos"),
    "photo": ("现场照片{}", "Photo {}"),
    "told": ("已告知", "Also told"),
    "told_more": ("等{}人", "and others, {} in all"),
    "consultation": ("会商", "Consultation"),
    "conclusion": ("结论：{}", "Conclusion: {}"),
    "parts": ("协办单位", "Units called in"),
    "asks": ("申请", "Requests"),
    "reports": ("{}人上报", "{} reports"),
    "confidential": ("隐名上报", "Confidential"),
    "no_place": ("未写明地点，请看地图", "No place in words; see the map"),
    "no_location": ("未写明地点", "No place was given"),
    "geo": ("用地图打开（WGS-84坐标）", "Open in a map (WGS-84)"),
    "gaode": ("高德地图（GCJ-02坐标）", "Gaode map (GCJ-02)"),
    "until": ("至{}", "until {}"),
    "asked_by": ("{}申请", "asked for by {}"),
    "part.waiting": ("未轮到", "not yet its turn"),
    "part.called": ("待报到", "called"),
    "part.reported_in": ("已报到", "reported in"),
    "part.finished": ("已反馈", "done"),
    "part.excused": ("无需再办", "not needed any more"),
    "ask.pause": ("申请挂起", "Pause"),
    "ask.extension": ("申请延期", "Extension"),
    # forms
    "field.reason": ("理由", "Reason"),
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
    """One language. ``words("has_it", "张三")`` is a sentence with its values."""

    def __init__(self, language: str) -> None:
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

    def left(self, due_at: datetime, now: datetime) -> tuple[str, bool]:
        """剩余2小时15分 or 已超时40分钟, and whether it is over."""
        late = due_at <= now
        span = self.span(int(abs((due_at - now).total_seconds()) // 60))
        return self("overdue" if late else "running", span), late
