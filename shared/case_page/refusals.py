"""Why a press was refused, in words: every kind of refusal, every reason and every field has a sentence of its own."""

from typing import get_args

from shared.case_page.words import Words
from shared.kernel.errors import Refusal
from shared.kernel.vocabulary import RefusalReason

REASONS: dict[RefusalReason, tuple[str, str]] = {
    "role": ("您的岗位没有这项操作权限。", "Your role may not do this."),
    "not_named": ("您不是本市指定的承办人，不能操作。", "You are not one of those whom the city names for this."),
    "guest": (
        "工单由{unit}办理：贵单位只参与会商或协办，不能代为操作。",
        "It is {unit}'s: your unit is only consulted or called in.",
    ),
    "moved_up": (
        "工单已提级至{unit}办理，由其决定；您仍可到场、跟进。",
        "It was moved up to {unit}, which decides; you may still go there and take notes.",
    ),
    "nobody_of_the_city": ("您已不在本市人员名单中，不能操作。", "You are not in the city's list of people any more."),
    "ended": ("工单已结束（{state}），不能再操作。", "The case has ended ({state}); nothing can be done on it."),
    "state": ("工单当前为“{state}”，不能这样操作。", "The case is in the state {state}; this is not open now."),
    "taken": ("已由{holder}接单。", "{holder} has it now."),
    "claimed_by_another": (
        "已由{holder}接单，只有接单人可以撤回。",
        "{holder} has claimed it, and alone may release it.",
    ),
    "claim_first": ("请先接单。", "Claim it first."),
    "not_resolved": ("尚未处置完成，不能核查或办结。", "It is not resolved yet."),
    "inspected_already": ("已核查通过，无需再核查。", "It passed inspection already."),
    "own_work": (
        "处置人、审批人不能核查本人经办的工单，请他人核查。",
        "Who inspects neither resolved it nor granted how it ended.",
    ),
    "inspected_above": (
        "巡查当场处置的、疑似反映承办单位的，由上级核查。",
        "What was handled on patrol, or may be about who handled it, is inspected one level above.",
    ),
    "not_inspected": ("尚未核查通过，请先由他人核查。", "Another person inspects first."),
    "nothing_offered": ("该工单的转办已被接收或撤回。", "Nothing is offered any more: it was accepted or withdrawn."),
    "offered_elsewhere": ("该工单已转{offered}，由其接收。", "It is offered to {offered}, not to your unit."),
    "offered_already": ("已转{offered}，待对方接收。", "It is offered to {offered} already."),
    "no_level_above": ("没有上一级单位。", "There is no level above."),
    "not_above": ("督办由上级单位提出。", "Supervision comes from a level above."),
    "parts_open": ("协办单位尚未全部反馈，不能办结。", "Units that were called in have not finished their parts."),
    "nobody_called": ("该工单没有待报到的单位。", "Nobody is called in on it."),
    "not_called_in": ("贵单位未被吹哨。", "Your unit is not called in."),
    "not_your_part": ("该事项由其他单位协办。", "This part is another unit's."),
    "turn_not_come": ("按整改方案尚未轮到贵单位。", "By the works plan it is not your turn yet."),
    "part_ended": ("该协办事项已结束。", "This part has ended already."),
    "no_part_open": ("没有未完成的协办事项。", "No part is open."),
    "caller_excuses": ("只有吹哨单位或其上级可以撤销协办。", "Who called the unit in may excuse it, or a level above."),
    "no_clock": ("没有正在计时的时限。", "No clock of it runs."),
    "waits_for_reporter": ("正等待上报人补充信息，时限已挂起。", "The work waits for the reporter's answer."),
    "asked_already": ("已有同样的申请，正在审批。", "It is asked for already and waits for its approval."),
    "nothing_asked": ("该申请已处理，或已撤回。", "Nobody asks for it any more: it was answered."),
    "not_yours_to_grant": (
        "该申请由上级单位审批，申请人不能自批。",
        "It is for a level above to grant, not for who asked.",
    ),
    "not_your_clock": ("该时限由其他单位负责。", "This clock is another unit's."),
    "nothing_paused": ("没有已挂起的时限。", "No clock of it is paused."),
    "consulted_above": ("会商由上级单位组织。", "Consultations are held above your unit."),
    "consults_already": ("正在会商，请先形成结论。", "A consultation is going on: conclude it first."),
    "nobody_consults": ("没有进行中的会商。", "Nobody consults."),
    "concluded": ("会商已有结论。", "The consultation is concluded."),
    "consult_first": ("请先会商，再定整改方案。", "A plan follows from a consultation: consult first."),
    "plan_open": ("整改方案正在执行。", "A plan is being worked off."),
    "confidential": ("隐名工单不能并单。", "A confidential report is never merged."),
    "older_ended": ("要并入的工单已结束。", "The case to merge into has ended."),
    "is_younger": ("只能并入更早的工单。", "Cases are merged into the older one."),
    "asked_too_often": ("请上报人补充的次数已达上限。", "The reporter was asked too often."),
    "no_call_due": ("目前无需回访。", "Nobody has to be called about it now."),
    "called_above": (
        "由承办单位的上一级回访，承办单位不回访自己的工单。",
        "The level above who handled it calls.",
    ),
    "handled_it": ("您办理过该工单，请由他人回访。", "You handled it: somebody else calls."),
    "nobody_asked": ("没有待上报人补充的问题。", "The reporter is not asked anything."),
    "owner_asks": ("该申请由承办单位（{unit}）提出。", "{unit}, which has the case, asks for it."),
    "returned_already": (
        "贵单位已申请过退单，每个单位只能退一次。",
        "Your unit asked to return it before: once a unit.",
    ),
    "too_late_to_return": ("已过签收时限，不能退单，请办理。", "The time to sign is over: it must be handled."),
    "rejection_refused": ("贵单位已申请过不予受理，请办理。", "Your unit asked to reject it before: handle it."),
    "must_handle": (
        "退单已被驳回或已裁定，请办理；确有困难可提请会商。",
        "It was ruled that your unit handles it; a consultation is left.",
    ),
    "command_centre_rules": (
        "该工单已多次转派，由指挥中心裁定。",
        "It was passed on too often: the command centre rules who has it.",
    ),
    "ruling_pending": (
        "已有申请待上级审批，请等审批结果。",
        "A request waits for the level above: wait for its ruling.",
    ),
    "undecided": (
        "疑似反映承办单位或疑似敏感的工单，请先研判，再并单或转告。",
        "Decide first whether it is about the unit that has it, or sensitive, as its words suggest.",
    ),
    "recused": ("回避工单不能并单。", "A case from which a unit is recused is never merged."),
    "recused_already": ("该单位已回避。", "That unit is recused already."),
    "recuse_first": (
        "反映承办单位的，请先回避，再由上一级改类别。",
        "It is about the unit that has it: recuse that first; the level above then changes the category.",
    ),
    "not_recused": ("该工单没有回避单位。", "No unit is recused from it."),
    "not_above_recused": ("是否回避由上级单位研判。", "A level above decides whether your unit is recused."),
    "sensitive": ("敏感件不能并入其他工单。", "A sensitive case is not merged into another."),
    "danger_stays": ("危急事项不能转告，请先处置。", "A danger is never turned away."),
    "not_sensitive": ("该工单未标为敏感件。", "It is not marked as sensitive."),
    "sensitive_above": ("是否敏感件由上级单位决定。", "A level above decides whether it is sensitive."),
    "not_confidential": ("该工单不是隐名上报。", "The case is not confidential."),
}

KINDS: dict[str, tuple[str, str]] = {
    "unavailable": ("暂未记录，请再按一次。", "Not recorded, press again."),
    "stale": (
        "工单刚有变化，本次未记录。请看清最新情况再操作。",
        "The case changed since you read it; nothing was recorded. Look again, then press.",
    ),
    "not-found": ("该工单已不由您所在单位办理，您无权查看。", "This case is not for your unit any more."),
    "forbidden": ("您没有这项操作的权限。", "You may not do this."),
    "not-open": ("该操作现在不能进行。", "This is not open now."),
    "invalid": ("填写的内容有误，本次未记录。", "Something in the form is wrong; nothing was recorded."),
    "idempotency-key-reused": (
        "同样的操作已经处理过，请看最新情况。",
        "The same press was dealt with before; see how the case stands.",
    ),
    "too-many": ("操作太频繁，请稍后再试。", "Too much at once; try again in a moment."),
    "unauthorized": (
        "系统未能核实身份，本次未记录，请稍后再试。",
        "The system could not prove who it is; try again later.",
    ),
    "second-factor": ("此操作须登录后输入动态验证码。", "This needs a one-time code: sign in first."),
    "too-large": ("照片太大，每张不超过16 MB。", "The picture is too large: at most 16 MB."),
    "unsupported-media": ("照片格式不支持，请用JPG、PNG、WebP或HEIC。", "Send the picture as JPEG, PNG, WebP or HEIC."),
    "not-a-form": ("表单没有完整收到，请再按一次。", "The form did not arrive whole; press again."),
    "unreadable": ("照片无法读取，请重新选择。", "The picture cannot be read; choose another."),
    "supervised": (
        "督办不代办：工单由{unit}办理，您不能从提醒中接单。",
        "Whoever supervises takes nothing over: {unit} works on it.",
    ),
}

FIELDS: dict[str, tuple[str, str]] = {
    "/reason": ("请写明理由（不超过2000字）。", "Give a reason, at most 2,000 characters."),
    "/text": ("请写明情况（不超过2000字）。", "Say what was done or found, at most 2,000 characters."),
    "/reached": ("请选择回访结果。", "Choose what came of the call."),
    "/satisfied": ("接通的请选择满意程度。", "Of who was reached, say how satisfied."),
    "/last": ("接通的不用选不再回访。", "Who was reached is not called again anyway."),
    "/how": ("该类工单不能这样办结，请另选办理方式。", "Cases of this kind do not end so; choose another way."),
    "/look_again": ("请写明复查日期。", "Name a day to look again."),
    "/photos": ("该类工单须附一张处置后照片。", "This category requires a photo of what was done."),
    "/photos/0": ("照片已失效，请重新选择。", "The picture is not there any more; choose it again."),
    "/clock": (
        "该时限已超时或申请已处理，不能再审批。",
        "The deadline has passed, or the request was answered: it cannot be granted.",
    ),
    "/until": ("申请的时间已过或太长，请不同意并说明。", "The time that was asked for is past or too long: refuse it."),
    "/basis": ("请写明依据（不超过2000字）。", "Say what it is based on, at most 2,000 characters."),
    "/to": ("请选择派给哪个单位。", "Choose the unit that gets it."),
    "/part": ("没有该协办事项。", "There is no such part."),
}


def why(words: Words, refusal: Refusal, *, unit: str = "", state: str = "", holder: str = "", offered: str = "") -> str:
    """The sentence for a refusal. ``unit``: the owner; ``holder``: who has claimed it; ``offered``: to whom."""
    values = {"unit": unit, "state": state, "holder": holder, "offered": offered}
    for error in refusal.errors:
        if (sentence := FIELDS.get(error.pointer)) is not None:
            return words.of(sentence)
    reason = next((known for known in get_args(RefusalReason) if known == refusal.extra.get("reason")), None)
    if reason is not None:
        return words.of(REASONS[reason]).format(**values)
    return words.of(KINDS.get(refusal.kind, KINDS["unavailable"])).format(**values)
