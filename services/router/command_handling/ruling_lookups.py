"""Makes the commands that ask a level above to rule, or that rule, from HTTP bodies and the city pack.

Each function makes one command. All raise ``Refusal`` 422 for units and codes that the pack lacks.
"""

from services.router.cases.routing import fresh_resolve_clock, path_of
from services.router.cases.sla_from_pack import promise_in, review_clock, signing_ends
from services.router.command_handling.bodies import OptionalReason, Reason, RejectBody, ReturnApprovalBody, ReturnBody
from services.router.command_handling.pack_lookups import Context, admitted, known_unit
from services.router.domain.commands.rulings.rejection import (
    ApproveObjection,
    ApproveReject,
    RefuseObjection,
    Reject,
)
from services.router.domain.commands.rulings.returns import ApproveReturn, Return
from shared.city.model.promises import ReturnReason
from shared.city.pack import Pack
from shared.city.texts.reporter_steps import is_chinese, reasons, sentences
from shared.kernel.durations import parse_duration
from shared.kernel.errors import FieldError, invalid
from shared.kernel.working_time import ALWAYS, deadline
from shared.runtime.http_server.field_types import NoBody


def returning(body: ReturnBody, context: Context) -> Return:
    case, pack = context.case, context.pack
    reason = pack.return_reasons.get(body.reason)
    if reason is None:
        raise invalid(FieldError("/reason", f"is none of {', '.join(pack.return_reasons)}"))
    suggest = None if body.suggest is None else known_unit(body.suggest, "/suggest", context)
    ends = signing_ends(case, pack)
    return Return(
        reason=reason.code,
        basis=body.basis,
        said=_said(reason, body.basis, suggest, pack),
        suggest=suggest,
        review_clock=review_clock(case, pack, context.now),
        in_time=ends is None or context.now <= ends,
    )


def approve_return(body: ReturnApprovalBody, context: Context) -> ApproveReturn:
    """To the unit that is named, else to the one that was suggested."""
    case, pack = context.case, context.pack
    to = body.to or (case.ruling.suggests if case.ruling is not None else None)
    if to is None:
        return ApproveReturn(to=None, path=(), promise=None, reason=body.reason)
    to = admitted(known_unit(to, "/to", context), "/to", context)
    return ApproveReturn(to=to, path=path_of(pack, to), promise=promise_in(case, pack, to), reason=body.reason)


def reject(body: RejectBody, context: Context) -> Reject:
    """The reporter reads the reason, the officer's words and where to go."""
    case, pack = context.case, context.pack
    reason = pack.rejection_reasons.get(body.reason)
    if reason is None:
        raise invalid(FieldError("/reason", f"is none of {', '.join(pack.rejection_reasons)}"))
    language = pack.city.languages[0]
    chinese = is_chinese(language)
    name = reason.name if chinese or not reason.name_en else reason.name_en
    where = reason.where if chinese or not reason.where_en else reason.where_en
    said = f"{name}{'：' if chinese else ': '}{body.text}" if body.text else name
    if where:
        said = sentences(said, where, language)
    return Reject(reason=reason.code, said=said, review_clock=review_clock(case, pack, context.now))


def approve_reject(body: NoBody, context: Context) -> ApproveReject:
    """With the time that the city gives the reporter to object."""
    within = parse_duration(context.pack.city.rulings.object_within)
    return ApproveReject(object_by=deadline(context.now, within, ALWAYS))


def approve_objection(body: OptionalReason, context: Context) -> ApproveObjection:
    clock = fresh_resolve_clock(context.case, context.pack, context.now)
    return ApproveObjection(reason=body.reason, fresh_clock=clock)


def refuse_objection(body: Reason, context: Context) -> RefuseObjection:
    was = context.case.outcome
    said = reasons(was.text if was is not None else None, body.reason, context.pack.city.languages[0])
    return RefuseObjection(reason=body.reason, said=said)


def _said(reason: ReturnReason, basis: str, suggest: str | None, pack: Pack) -> str:
    """Reason, basis and suggested unit as who reviews the return reads them, in the city's first language."""
    if pack.city.languages[0].startswith("zh"):
        unit = f"，建议转{pack.units[suggest].name}" if suggest is not None else ""
        return f"{reason.name}{unit}：{basis}"
    name = pack.units[suggest].name_en or pack.units[suggest].name if suggest is not None else ""
    return f"{reason.name_en or reason.name}{f' (suggested: {name})' if name else ''}: {basis}"
