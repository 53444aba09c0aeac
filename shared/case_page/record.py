"""What was written on the case so far: who did what, when, in their own words, the newest first.

Who inspects reads here what was done, who does it again what was wrong, and everybody what the reporter added.
"""

from shared.case_page.case_answer import CaseAnswer, Line
from shared.case_page.look import Look
from shared.kernel.spelling import as_read

LINES_MAX = 6
TEXT_MAX = 300
"""Characters of a line: the whole history is the case's, in the console."""
LINES: dict[str, tuple[str, str]] = {
    "case.assigned": ("指派", "Assigned"),
    "case.refused": ("不接收", "Declined"),
    "case.return_refused": ("驳回退单", "Return refused"),
    "case.returned": ("同意退单", "Sent to another unit"),
    "case.noted": ("跟进", "Note"),
    "case.escalated": ("逐级上报", "Brought to the level above"),
    "case.supervised": ("督办", "Supervised"),
    "case.resolved": ("处置完成", "Resolved"),
    "case.outcome_refused": ("不同意办结", "Ending refused"),
    "case.inspected": ("核查", "Inspected"),
    "case.reopened": ("重新办理", "Opened again"),
    "case.rejection_refused": ("不同意不予受理", "Rejection refused"),
    "case.confirmed": ("上报人反馈", "Feedback of reporters"),
    "case.rated": ("满意度评价", "Rated"),
    "case.called_back": ("回访", "Reporter called"),
    "case.called_in": ("吹哨", "A unit called in"),
    "case.part_finished": ("处置反馈", "Part done"),
    "case.concluded": ("会商结论", "Concluded"),
    "case.info_requested": ("请补充信息", "The reporter was asked"),
    "case.info_given": ("已补充信息", "The reporter answered"),
    "clock.pause_refused": ("挂起未批准", "Pause refused"),
    "clock.extension_refused": ("延期未批准", "Extension refused"),
}
"""Events of a case in whose lines somebody may have written something, as the glossary calls them."""
_NAMED_BY_HOW = frozenset({"agreement", "enforcement", "referral", "answered", "self_restored"})


def written(case: CaseAnswer) -> list[Line]:
    """The lines that the page shows."""
    return [line for line in reversed(case.history) if line.text and line.what in LINES][:LINES_MAX]


def record(look: Look) -> tuple[str, ...]:
    """今天17:30 处置完成：断管已更换（张三）."""
    return tuple(_said(look, line) for line in written(look.seen.case))


def _said(look: Look, line: Line) -> str:
    words, text = look.words, as_read(line.text or "")
    short = text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"
    when = f"{look.moment(line.at)} " if line.at is not None else ""
    who = words.of((f"（{look.names.person(line.by)}）", f" ({look.names.person(line.by)})")) if line.by else ""
    return f"{when}{_what(look, line)}{words.of(('：', ': '))}{short}{who}"


def _what(look: Look, line: Line) -> str:
    """What happened: with how it ended, what an inspection found, or who was called in."""
    words, case = look.words, look.seen.case
    named = words.of(LINES[line.what])
    match line.what:
        case "case.resolved" if _is_newest(case, line) and case.resolved_how in _NAMED_BY_HOW:
            return words(f"how.{case.resolved_how}")
        case "case.inspected":
            failed = any(other.what == "case.reopened" and other.at == line.at for other in case.history)
            return words("inspect_not_ok" if failed else "inspect_ok")
        case "case.called_in" if line.unit is not None:
            return f"{named} {look.names.unit(line.unit)}"
        case _:
            return named


def _is_newest(case: CaseAnswer, line: Line) -> bool:
    return line is next((other for other in reversed(case.history) if other.what == line.what), None)
