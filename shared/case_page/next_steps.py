"""What a case needs from one person now: decided from the router's answer for him, not from the alert that he got.

The router says which commands are open to him (``commands``). Of those, only what the work waits for is offered: an
offer, a request, his own part, a consultation, an inspection, then the work itself. A unit above the owner is offered
none of the work:
whoever supervises 督办 takes nothing away from those who do it.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from shared.case_page.case_answer import Ask, CaseAnswer
from shared.kernel.vocabulary import CLOCK_KINDS, SENSITIVITIES, ClockKind

StepName = Literal[
    "accept",
    "refuse",
    "approve_pause",
    "refuse_pause",
    "approve_extension",
    "refuse_extension",
    "approve_return",
    "refuse_return",
    "approve_reject",
    "refuse_reject",
    "approve_outcome",
    "refuse_outcome",
    "approve_objection",
    "refuse_objection",
    "report_in",
    "finish_part",
    "inspect_ok",
    "inspect_not_ok",
    "close",
    "reopen",
    "recuse",
    "lift_recusal",
    "redirect",
    "mark_sensitive",
    "unmark_sensitive",
    "unmask",
    "record_call",
    "claim",
    "acknowledge",
    "on_site",
    "resolve",
    "note",
]
STEP_NAMES: tuple[StepName, ...] = get_args(StepName)
WORK: frozenset[StepName] = frozenset({"claim", "acknowledge", "on_site", "resolve"})
"""The owner's own work: no unit above is offered it."""
PROMINENT_MAX = 3
_KEY = re.compile(r"([a-z_]{1,30})(?:\.([A-Za-z0-9_-]{1,64}))?(?:@([a-z_]{1,20}))?")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose page it is. ``units``: those for which he acts; ``lineage``: these with all units above them.

    ``signed_in``: he is, and did not come by a link: only then is he offered to see who reported.
    """

    person: str
    units: frozenset[str]
    lineage: frozenset[str]
    signed_in: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Something to press. ``part`` and ``clock``: of which part and clock; None: the case's own, or none. Of ``unmask``
    ``part`` is the report."""

    name: StepName
    part: str | None = None
    clock: ClockKind | None = None

    @property
    def key(self) -> str:
        """The step in a form: ``finish_part.p1``, ``approve_pause.p1@report_in``."""
        part = f".{self.part}" if self.part is not None else ""
        return f"{self.name}{part}" + (f"@{self.clock}" if self.clock is not None else "")

    @property
    def command(self) -> str:
        """The router's command."""
        return "inspect" if self.name in ("inspect_ok", "inspect_not_ok") else self.name

    @property
    def judges(self) -> bool:
        """Whether it judges what is shown, so that it must not be done to a case that changed meanwhile."""
        return self.name not in WORK | {"report_in", "finish_part", "note"}


def step_of(key: str) -> Step | None:
    """The step that ``Step.key`` names; None for other texts."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    name = next((known for known in STEP_NAMES if known == found[1]), None)
    clock = next((kind for kind in CLOCK_KINDS if kind == found[3]), None)
    if name is None or (found[3] is not None and clock is None) or (name == "unmask" and found[2] is None):
        return None
    return Step(name, found[2], clock)


Choice = tuple[Step, ...]
"""Steps of which one is taken: 接收 or 不接收, 核查通过 or 不通过."""


@dataclass(frozen=True, slots=True)
class NextSteps:
    """``prominent``: at most three choices, the most needed first; ``more``: what the work needs besides; ``marks``:
    what may be said of the case at any time, and nothing asks for."""

    prominent: tuple[Choice, ...] = ()
    more: tuple[Choice, ...] = ()
    marks: tuple[Choice, ...] = ()

    @property
    def all(self) -> tuple[Step, ...]:
        return tuple(step for choice in (*self.prominent, *self.more) for step in choice)


def next_steps(case: CaseAnswer, reader: Reader) -> NextSteps:
    """What is offered to ``reader``, in the order in which it is needed."""
    asked = [
        *_offer(case, reader),
        *_asks(case, reader),
        *_ruling(case),
        *_parts(case, reader),
        *_consultation(case, reader),
    ]
    needed = [*asked, *_suspicion(case, reader), *_inspection(case), *_on_the_books(case), *_call(case, reader)]
    later: list[Choice] = []
    if not is_above(case, reader):
        work: list[Choice] = [(Step(name),) for name in _work(case)]
        theirs = case.claimed_by not in (None, reader.person)
        later = [choice for choice in work if theirs and choice[0].name == "resolve"]
        needed += [choice for choice in work if choice not in later]
    return NextSteps(tuple(needed[:PROMINENT_MAX]), (*needed[PROMINENT_MAX:], *later), _marks(case, reader))


def is_above(case: CaseAnswer, reader: Reader) -> bool:
    """Whether he only watches over the owner: a unit of his lies above it, none is the owner or below, and the case is
    not assigned to him. A desk of the town that covers another community stays above this one."""
    over = case.path[:-1]
    works = case.unit in reader.units | reader.lineage or case.assignee == reader.person
    return not works and any(unit in over for unit in reader.units)


def _open(case: CaseAnswer, *choice: Step) -> list[Choice]:
    """The choice, without what is not open."""
    left = tuple(step for step in choice if step.command in case.commands)
    return [left] if left else []


def _offer(case: CaseAnswer, reader: Reader) -> list[Choice]:
    if case.offered_to not in reader.units:
        return []
    return _open(case, Step("accept"), Step("refuse"))


def _asks(case: CaseAnswer, reader: Reader) -> list[Choice]:
    choices: list[Choice] = []
    for ask in case.asks:
        if not _may_grant(case, ask, reader):
            continue
        if ask.what == "pause":
            pair = Step("approve_pause", ask.part, ask.clock), Step("refuse_pause", ask.part, ask.clock)
        else:
            pair = Step("approve_extension", ask.part, ask.clock), Step("refuse_extension", ask.part, ask.clock)
        choices += _open(case, *pair)
    return choices


_RULINGS: dict[str, tuple[StepName, StepName]] = {
    "return": ("approve_return", "refuse_return"),
    "rejection": ("approve_reject", "refuse_reject"),
    "outcome": ("approve_outcome", "refuse_outcome"),
    "objection": ("approve_objection", "refuse_objection"),
}
"""What is asked for → how it is granted and refused."""


def _ruling(case: CaseAnswer) -> list[Choice]:
    """The request on the case, which the router opens to those alone who may rule on it."""
    asked = case.ruling
    pair = _RULINGS.get(asked.what, ()) if asked is not None else ()
    nobody_named = asked is not None and asked.what == "return" and asked.suggests is None and not asked.may_go_to
    return _open(case, *(Step(name) for name in pair if not (nobody_named and name == "approve_return")))


def _may_grant(case: CaseAnswer, ask: Ask, reader: Reader) -> bool:
    """Whether this of several requests is his to answer; whether any is, the router says (``commands``)."""
    if ask.asked_by == reader.person:
        return False
    part = case.part(ask.part)
    if part is None:
        own = ask.what == "pause" and (ask.approver == "own" or len(case.path) == 1) and case.unit in reader.units
        return own or any(unit in case.path[:-1] for unit in reader.units)
    above = case.path[: case.path.index(part.caller) + 1] if part.caller in case.path else case.path
    over = above[: above.index(part.unit)] if part.unit in above else above
    return any(unit in over for unit in reader.units)


def _parts(case: CaseAnswer, reader: Reader) -> list[Choice]:
    choices: list[Choice] = []
    for part in case.parts:
        if part.unit not in reader.lineage:
            continue
        if part.state == "called":
            choices += _open(case, Step("report_in", part.id))
        if part.state in ("called", "reported_in"):
            choices += _open(case, Step("finish_part", part.id))
    return choices


def _suspicion(case: CaseAnswer, reader: Reader) -> list[Choice]:
    """What words suggest: a level above judges whether it is about the owner; whoever may, whether it is sensitive."""
    choices: list[Choice] = []
    if "about_us" in case.suspected and is_above(case, reader):
        choices += _open(case, Step("recuse"), Step("lift_recusal"))
    if case.sensitive is None and not set(SENSITIVITIES).isdisjoint(case.suspected):
        choices += _open(case, Step("mark_sensitive"), Step("unmark_sensitive"))
    if case.not_ours is not None and not is_above(case, reader):
        choices += _open(case, Step("redirect"))
    return choices


def _marks(case: CaseAnswer, reader: Reader) -> tuple[Choice, ...]:
    """Anybody who handles it may mark it as sensitive; the owner's desk may recuse itself, and lift what is no
    recusal."""
    marks: list[Choice] = []
    if not is_above(case, reader):
        marks += _open(case, Step("lift_recusal") if case.recused else Step("recuse"))
    if case.sensitive is not None:
        return (*marks, *_open(case, Step("unmark_sensitive")))
    suspected = not set(SENSITIVITIES).isdisjoint(case.suspected)
    return tuple(marks) if suspected else (*marks, *_open(case, Step("mark_sensitive")))


def is_consulted(case: CaseAnswer, reader: Reader) -> bool:
    """Whether his unit is asked in a consultation that is not concluded."""
    held = case.consultation
    return held is not None and held.conclusion is None and not reader.lineage.isdisjoint(held.parties)


def _consultation(case: CaseAnswer, reader: Reader) -> list[Choice]:
    """A party answers by a note."""
    return _open(case, Step("note")) if is_consulted(case, reader) else []


def _inspection(case: CaseAnswer) -> list[Choice]:
    if case.state != "resolved":
        return []
    return [*_open(case, Step("inspect_ok"), Step("inspect_not_ok")), *_open(case, Step("close"))]


def _on_the_books(case: CaseAnswer) -> list[Choice]:
    """What was kept on the books is decided anew by opening it again, on its day or before."""
    if case.state != "closed" or case.resolved_how != "long_term":
        return []
    return _open(case, Step("reopen"))


def _call(case: CaseAnswer, reader: Reader) -> list[Choice]:
    """The reporter is to be called (回访): the number is shown by a press of its own, on the record."""
    waiting = case.call_back
    if waiting is None or "record_call" not in case.commands:
        return []
    number = _open(case, Step("unmask", waiting.report)) if reader.signed_in and waiting.report is not None else []
    return [*number, *_open(case, Step("record_call"))]


_OF_WORK: dict[str, tuple[StepName, ...]] = {
    "queued": ("claim", "acknowledge"),
    "reopened": ("claim", "acknowledge", "on_site"),
    "acknowledged": ("claim", "on_site"),
    "claimed": ("on_site", "resolve"),
    "on_site": ("resolve",),
    "in_progress": ("resolve",),
}


def _work(case: CaseAnswer) -> list[StepName]:
    """The next steps of the work in this state, as far as they are open."""
    return [name for name in _OF_WORK.get(case.state, ()) if name in case.commands]
