"""The words of one report's progress: what the city's standard texts are filled with, and in which language.

A deadline is named as a promise only while it lies ahead. A step keeps the deadline that counted then, whatever was put
off later.

The language is the city's first, as on the answer page and in alerts. A confidential report has the built-in words: a
pack's text could name what they do not. So has what an officer found on patrol: a pack's texts thank residents, and ask
for their judgement.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from shared.city.pack import Pack
from shared.city.texts.report_progress import CaseProgress, ClockState, HasName, HistoryLine, OutcomeState, ReportStatus
from shared.city.texts.reporter_steps import (
    STEPS,
    ReporterStep,
    done_said,
    is_chinese,
    objection_said,
    on_record_message,
    sample_said,
    sentences,
    word,
)
from shared.city.texts.texts import BUILT_IN
from shared.city.texts.times_in_words import minutes_until, promise_said, time_said
from shared.kernel.ids import opening_report
from shared.kernel.persons_in_text import without_names
from shared.kernel.vocabulary import Sample

_UNTIL_INSPECTED: Mapping[Sample, str] = {"drawn": "resolved", "not_drawn": "closed"}
"""The state of a patrol find in which what was drawn is worth telling."""
_BY = {"acknowledge_by": "acknowledge", "on_site_by": "on_site", "resolve_by": "resolve", "answer_by": "confirm"}


class ProgressTexts:
    """Words that say where one report stands; no I/O."""

    def __init__(self, status: ReportStatus, pack: Pack, now: datetime) -> None:
        self._report = status.report.id
        self._now = now
        self._case = status.case
        self._category = status.case.category if status.case is not None else None
        self._pack = pack
        self._language = pack.city.languages[0]
        self._zone = ZoneInfo(pack.city.timezone)
        self._sealed = status.report.confidential or (status.case is not None and status.case.confidential)
        self._patrol = status.report.channel == "patrol"
        self._texts = BUILT_IN if self._sealed or self._patrol else pack.texts
        self.of_strangers = self._is_of_strangers(status, pack)
        """Whether the case is about people and somebody else reported it: no officer's words are told."""

    @staticmethod
    def _is_of_strangers(status: ReportStatus, pack: Pack) -> bool:
        case = status.case
        if case is None or status.report.id == opening_report(case.id):
            return False
        return pack.about_people(case.category, case.kind)

    def word(self, state: str) -> str:
        """The built-in word of a state: short enough for a badge."""
        return word(cast(ReporterStep, state), self._language)

    def step(self, what: str, at: datetime, unit: str | None = None, clock: str | None = None) -> str | None:
        """A line of the steps; None for one that reporters are not shown. ``unit``: the step's, else the owner.

        ``clock``: the kind of the clock that the step is about.
        """
        state = STEPS.get(what)
        if state is None:
            return None
        values = self._values(unit, at)
        case = self._case
        if clock is not None and case is not None and (due := _due(case, clock, at, self._now)) is not None:
            values["until"] = time_said(due, at, self._zone, self._language, relative=False)
        return self._texts.step(state, self._language, self._category, values)

    def outcome_words(self) -> str | None:
        """What was done, or why it was rejected, as its reporter may read it; None where nothing may be told."""
        outcome = self._case.outcome if self._case is not None else None
        return None if outcome is None else self._public(outcome)

    def _public(self, outcome: OutcomeState) -> str | None:
        """Without the names of the pack's people; other names and all numbers were taken out by the router."""
        if outcome.words is None or self._sealed or self.of_strangers:
            return None
        people = self._pack.people.values()
        names = (*(one.name for one in people), *(one.name_en for one in people if " " in one.name_en))
        return without_names(outcome.words, names).strip().rstrip("。.；;") or None

    def question_heading(self) -> str | None:
        """The pack's text above a question; None when it has none."""
        return self._texts.own("waiting_reporter", self._language, self._category, self._values())

    def message(self) -> str:
        """The sentence that says where the report stands, which place is asked for, and that a reporter may object to a
        rejection. Wants a case."""
        case, said = self._of_case, self._message(cast(ReporterStep, self._of_case.state))
        if self._patrol:
            told = case.sample is not None and case.state == _UNTIL_INSPECTED[case.sample]
            return (
                sentences(said, sample_said(case.sample, self._language), self._language)
                if told and case.sample
                else said
            )
        return self._asking(self._with_objection(said))

    def merged_message(self) -> str:
        """``message`` for a report of what others reported too; a receipt says first that it came. Wants a case."""
        joined = self._texts.joined(self._language, self._of_case.category, self._values())
        stands = self._message(cast(ReporterStep, self._of_case.state))
        said = (stands, joined) if self._of_case.state == "queued" else (joined, stands)
        return self._asking(self._with_objection(sentences(*said, self._language)))

    def object_by(self) -> datetime | None:
        """Until when the reporter of a rejected case may object; None where that was done, or is over."""
        outcome = self._case.outcome if self._case is not None else None
        by = outcome.object_by if outcome is not None else None
        return by if by is not None and by > self._now else None

    def objection(self) -> str | None:
        """That the reporter may object, until when and how; None where he may not."""
        by = self.object_by()
        if by is None:
            return None
        return objection_said(time_said(by, self._now, self._zone, self._language, relative=False), self._language)

    def _with_objection(self, message: str) -> str:
        may = self.objection()
        return message if may is None else sentences(message, may, self._language)

    def _asking(self, message: str) -> str:
        """With the question which place is meant; a case that waits for an answer says so itself."""
        asked = self._of_case.question
        if asked is None or asked.text is None or self.of_strangers or self._of_case.state == "waiting_reporter":
            return message
        return sentences(message, asked.text, self._language)

    def feedback_message(self) -> str:
        """Instead of ``message``, for a report that tells nothing new. Wants a case."""
        if self._patrol:
            return on_record_message(self._language).format(unit=self.unit_name(self._of_case.unit))
        return self._message("feedback")

    def unit_name(self, id_: str) -> str:
        """The unit as the city calls it in this language."""
        return self._name(self._pack.units, id_)

    def category_name(self, id_: str) -> str:
        """The category as the city calls it in this language."""
        return self._name(self._pack.categories, id_)

    @property
    def _of_case(self) -> CaseProgress:
        if self._case is None:
            raise ValueError(f"{self._report} has no case")
        return self._case

    def _message(self, state: ReporterStep) -> str:
        return self._texts.message(state, self._language, self._of_case.category, self._values())

    def _values(self, unit: str | None = None, at: datetime | None = None) -> dict[str, str]:
        """What texts may name, as far as it is there: nobody's words, no person, no place."""
        values, case = {"report": self._report}, self._case
        if case is None:
            return values
        values |= {
            "case": case.id,
            "unit": self._name(self._pack.units, unit or case.unit),
            "reports": str(case.report_count),
        }
        if not self._sealed:
            values["category"] = self._name(self._pack.categories, case.category)
        return values | self._deadlines(case, at) | self._outcome(case, at)

    def _deadlines(self, case: CaseProgress, at: datetime | None) -> dict[str, str]:
        """Deadlines that lie ahead, as said at ``at`` (None: now)."""
        said, told_at, relative = {}, at or self._now, at is None
        for name, kind in _BY.items():
            due = _due(case, kind, at, self._now)
            if due is not None:
                said[name] = time_said(due, told_at, self._zone, self._language, relative=relative)
        due = _due(case, "acknowledge", at, self._now)
        if due is not None:
            said["promise"] = promise_said(due, told_at, self._zone, self._language, relative=relative)
            minutes = minutes_until(due, told_at)
            if minutes is not None:
                said["minutes"] = str(minutes)
        return said

    def _outcome(self, case: CaseProgress, at: datetime | None) -> dict[str, str]:
        """What was done by ``at``; a step before the case was opened again does not tell what was done afterwards."""
        outcome = case.outcome
        if outcome is None or (at is not None and at < outcome.at):
            return {}
        words = self._public(outcome)
        if words is None:
            return {}
        return {"why": words} if outcome.how == "rejected" else {"done": done_said(outcome.how, words, self._language)}

    def _name(self, things: Mapping[str, HasName], id_: str) -> str:
        """As the pack calls it; what the pack no longer has is called by its id."""
        thing = things.get(id_)
        if thing is None:
            return id_
        return thing.name_en if thing.name_en and not is_chinese(self._language) else thing.name


def _clock(case: CaseProgress, kind: str, at: datetime | None) -> ClockState | None:
    """The newest clock of the kind that counted at ``at`` (None: that counts now), with its present deadline."""
    for clock in reversed(case.clocks):
        replaced = clock.superseded_at
        if clock.kind != kind:
            continue
        if (replaced is None) if at is None else (clock.started_at <= at and (replaced is None or at < replaced)):
            return clock
    return None


def _due(case: CaseProgress, kind: str, at: datetime | None, now: datetime) -> datetime | None:
    """The deadline of the kind as it stood at ``at`` (None: now); None where none ran, or where it has passed by now.

    Lines about a later change of the deadline have the one before it.
    """
    clock = _clock(case, kind, at)
    if clock is None or (at is None and clock.state != "running"):
        return None
    later: list[HistoryLine] = [
        line
        for line in case.steps
        if at is not None and line.due_at is not None and line.detail == kind and line.at > at
    ]
    due = later[0].due_at if later and later[0].due_at is not None else clock.due_at
    return due if due > now else None
