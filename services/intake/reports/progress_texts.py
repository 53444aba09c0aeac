"""The words of one report's progress: what the city's standard texts are filled with, and in which language.

The language is the city's first, as on the answer page and in alerts. A confidential report has the built-in words: a
pack's text could name what they do not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.city.pack import Pack
from shared.city.texts.reporter_steps import STEPS, Told, is_chinese, sentences, word
from shared.city.texts.texts import BUILT_IN

_BY = {"acknowledge_by": "acknowledge", "on_site_by": "on_site", "resolve_by": "resolve", "answer_by": "confirm"}


class Telling:
    """Says where one report stands. ``report`` as ``ReportStore.get`` gives it; no I/O."""

    def __init__(self, report: Mapping[str, Any], pack: Pack) -> None:
        self._report = report
        self._case: Mapping[str, Any] = report.get("case") or {}
        self._pack = pack
        self._language = pack.city.languages[0]
        self._zone = ZoneInfo(pack.city.timezone)
        sealed = report["confidential"] or self._case.get("confidential", False)
        self._texts = BUILT_IN if sealed else pack.texts

    def word(self, state: Told) -> str:
        """The built-in word of a state: short enough for a badge."""
        return word(state, self._language)

    def step(self, what: str, at: datetime, unit: str | None = None) -> str | None:
        """A line of the steps; None for one that reporters are not shown. ``unit``: the step's, else the owner."""
        state = STEPS.get(what)
        if state is None:
            return None
        return self._texts.step(state, self._language, self._case.get("category"), self._values(unit, at))

    def asked(self) -> str | None:
        """The pack's text above a question; None when it has none."""
        return self._texts.own("waiting_reporter", self._language, self._case.get("category"), self._values())

    def message(self) -> str:
        """The sentence that riders wait for. Wants a case."""
        return self._message(self._case["state"])

    def joined(self) -> str:
        """``message`` for a report of what others reported too."""
        first = self._texts.joined(self._language, self._case["category"], self._values())
        return sentences(first, self.message(), self._language)

    def thanks(self) -> str:
        """Instead of ``message``, for words that report nothing new."""
        return self._message("feedback")

    def _message(self, state: Told) -> str:
        return self._texts.message(state, self._language, self._case["category"], self._values())

    def _values(self, unit: str | None = None, at: datetime | None = None) -> dict[str, str]:
        """What texts may name, as far as it is there: no words of anybody, no person, no place."""
        case = self._case
        values = {"report": str(self._report["_id"])}
        if not case:
            return values
        values |= {
            "case": case["id"],
            "unit": self._name(self._pack.units, unit or case["unit"]),
            "category": self._name(self._pack.categories, case["category"]),
            "reports": str(case.get("report_count", 1)),
        }
        for name, kind in _BY.items():
            clock = self._clock(kind, at)
            if clock is not None:
                values[name] = f"{clock['due_at'].astimezone(self._zone):%Y-%m-%d %H:%M}"
        clock = self._clock("acknowledge", at)
        if clock is not None:
            values["minutes"] = str(round((clock["due_at"] - clock["started_at"]).total_seconds() / 60))
        return values

    def _clock(self, kind: str, at: datetime | None) -> Mapping[str, Any] | None:
        """The newest clock of the kind that counted at ``at``, with the deadline that it has now; None: today."""
        for clock in reversed(self._case["clocks"]):
            replaced = clock.get("superseded_at")
            if at is None:
                counts = replaced is None
            else:
                counts = clock["started_at"] <= at and (replaced is None or at < replaced)
            if clock["kind"] == kind and counts:
                found: Mapping[str, Any] = clock
                return found
        return None

    def _name(self, things: Mapping[str, Any], id_: str) -> str:
        """As the pack calls it; what it no longer has stands by its id."""
        thing = things.get(id_)
        if thing is None:
            return id_
        english: str = thing.name_en
        return english if english and not is_chinese(self._language) else str(thing.name)
