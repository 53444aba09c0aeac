"""The names that officers and riders know, with an English gloss."""

import re

_VERSION = re.compile(r"\.v\d+$")

STEPS: dict[str, tuple[str, str]] = {
    "report.received": ("已收到", "received"),
    "report.submitted": ("上报", "reported"),
    "report.rated": ("评价", "rated by the reporter"),
    "report.added": ("补充", "added to by the reporter"),
    "report.withdrawn": ("撤回", "withdrawn by the reporter"),
    "report.merged": ("已与同一问题合并", "joined with a case"),
    "report.unrouted": ("待分流", "has no unit in time"),
    "photo.unreadable": ("照片无法读取", "photo unreadable"),
    "case.opened": ("派单", "queued"),
    "case.acknowledged": ("签收", "signed for"),
    "case.claimed": ("接单", "claimed"),
    "case.released": ("撤回接单", "released"),
    "case.assigned": ("指派", "assigned"),
    "case.offered": ("转办", "offered"),
    "case.moved": ("转入", "moved"),
    "case.refused": ("不接收", "refused"),
    "case.on_site": ("到场", "on site"),
    "case.started": ("处置中", "work begun"),
    "case.noted": ("记一笔", "noted"),
    "case.escalated": ("逐级上报", "climbed"),
    "case.supervised": ("督办", "supervised"),
    "case.resolved": ("处置完成", "resolved"),
    "case.inspected": ("核查", "inspected"),
    "case.closed": ("办结", "closed"),
    "case.reopened": ("重新办理", "opened again"),
    "case.merged": ("并单", "merged into an older case"),
    "case.split": ("拆单", "reports taken off"),
    "case.report_attached": ("同一问题再次上报", "a further report attached"),
    "case.confirmed": ("上报人反馈", "feedback from reporters"),
    "case.priority_raised": ("多人上报升级", "priority raised"),
    "case.unmasked": ("查看实名", "reporter's name read"),
    "case.unsealed": ("查看隐名内容", "confidential words read"),
    "case.rejected": ("不予受理", "rejected"),
    "case.rated": ("满意度评价", "rated"),
    "case.called_in": ("吹哨", "a unit called in"),
    "case.reported_in": ("报到", "reported in"),
    "case.part_finished": ("事项办完", "a part finished"),
    "case.part_excused": ("事项无需再办", "a part excused"),
    "case.part_started": ("轮到", "a planned part begun"),
    "case.consulted": ("会商", "consulted"),
    "case.concluded": ("会商结论", "concluded"),
    "case.planned": ("整改方案", "works planned"),
    "case.follow_up": ("复查提醒", "time to look again"),
    "case.forgotten": ("长期未处理", "forgotten"),
    "case.categorized": ("调整类别", "sorted anew"),
    "case.info_requested": ("请补充信息", "the reporter asked"),
    "case.info_given": ("已补充信息", "the reporter answered"),
    "case.info_missing": ("逾期未补充", "no answer in time"),
    "case.visit_planned": ("已安排活动", "visit planned"),
    "case.visit_held": ("活动已开展", "visit held"),
    "case.visit_cancelled": ("活动取消", "visit called off"),
    "clock.pause_requested": ("申请暂停计时", "pause asked for"),
    "clock.pause_refused": ("暂停未批准", "pause refused"),
    "clock.paused": ("暂停计时", "paused"),
    "clock.resumed": ("恢复计时", "runs again"),
    "clock.extension_requested": ("申请延期", "extension asked for"),
    "clock.extension_refused": ("延期未批准", "extension refused"),
    "clock.extended": ("批准延期", "extended"),
    "clock.warned": ("即将超时", "clock warns"),
    "clock.breached": ("已超时", "clock breached"),
    "alert.sent": ("工单提醒", "alert"),
    "visit.planned": ("已安排活动", "visit planned"),
    "visit.reminded": ("今日活动", "visit today"),
    "visit.held": ("活动已开展", "visit held"),
    "visit.cancelled": ("活动取消", "visit called off"),
    "city.loaded": ("城市配置生效", "city pack switched"),
    "rota.shift_swapped": ("换班", "shift swapped"),
    "rota.leave_taken": ("请假", "leave taken"),
    "person.invited": ("邀请设置密码", "invited to set a password"),
}
"""Types of events without their version, and the steps of a reporter that are no event of their own."""
CLOCKS: dict[str, tuple[str, str]] = {
    "acknowledge": ("签收时限", "acknowledge"),
    "on_site": ("到场时限", "on site"),
    "resolve": ("办结时限", "resolve"),
    "report_in": ("报到时限", "report in"),
    "finish_part": ("协办时限", "finish part"),
    "confirm": ("补充信息时限", "confirm"),
}
ACTS: dict[str, tuple[str, str]] = {
    "tell": ("告知", "tell"),
    "supervise": ("督办", "supervise"),
    "move_to": ("移交", "move to"),
}


def gloss(words: dict[str, tuple[str, str]], code: str) -> str:
    """``接单 claimed``; a code that has no name stands for itself."""
    return " ".join(words.get(code, (code,)))


def step(type_: str) -> str:
    """The name of an event's type, with or without its version."""
    return gloss(STEPS, _VERSION.sub("", type_))
