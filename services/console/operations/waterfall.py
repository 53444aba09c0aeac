"""The story of a report as a waterfall: a row for each thing that happened, its bar on one axis, and the waits named.

Cases last for days and services take milliseconds: where nothing of the machine's is under way, the axis is cut short.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from services.console.frame.visit import Visit
from services.console.operations.words import DETAILS, lasting, outcome, service_name, state_word, way
from services.console.router_client import NamesTold
from shared.case_page.words import WORDS
from shared.operations.alert_names import ALERTS
from shared.operations.event_names import ACTS, CLOCKS, STEPS
from shared.operations.story import Happened

WAIT_NAMED = 1.0
"""Seconds from which a service's delay is a line of its own."""
QUIET_NAMED = 60.0
"""Seconds without anything from which that is said."""
IDLE_SHARE = 0.08
"""Of the busy time: the longest that a stretch without work is drawn."""
BAR_LEAST = 0.6
"""Per cent of the width: a thing that took no time is still seen."""


@dataclass(frozen=True, slots=True)
class Row:
    """``wait``: what is said before it of the service that kept it waiting; ``quiet``: that nothing happened before it.
    ``start``, ``width``: of its bar, in per cent."""

    id: str
    service: str
    service_name: str
    time: str
    name: str
    details: Sequence[tuple[str, str]]
    took: str
    wait: str
    quiet: str
    mark: bool
    start: float
    width: float


def waterfall(visit: Visit, happened: Sequence[Happened], names: NamesTold) -> list[Row]:
    """In order of time."""
    spans = [(one.at - timedelta(seconds=one.took or 0), one.at) for one in happened]
    place = _axis(spans)
    before: datetime | None = None
    rows = []
    for one, (begins, ends) in zip(happened, spans, strict=True):
        service, took = service_name(visit, one.service), one.took or 0.0
        still = (begins - before).total_seconds() if before is not None else 0.0
        start = min(place[begins], 100 - BAR_LEAST)
        rows.append(
            Row(
                id=one.id,
                service=one.service,
                service_name=service,
                time=f"{one.at.astimezone(visit.zone):%m-%d %H:%M:%S.%f}"[:-3],
                name=_name(visit, one),
                details=list(_details(visit, one.detail, names)),
                took=lasting(visit, one.took) if one.took is not None else "",
                wait=visit._("Waited for %(service)s: %(span)s", service=service, span=lasting(visit, took))
                if took >= WAIT_NAMED
                else "",
                quiet=visit._("Nothing for %(span)s", span=lasting(visit, still)) if still >= QUIET_NAMED else "",
                mark=one.mark,
                start=round(start, 2),
                width=round(max(BAR_LEAST, place[ends] - place[begins]), 2),
            )
        )
        before = max(before, ends) if before is not None else ends
    return rows


def _axis(spans: Sequence[tuple[datetime, datetime]]) -> Mapping[datetime, float]:
    """Where each moment is drawn, in per cent of the width."""
    points = sorted({point for span in spans for point in span})
    steps = list(pairwise(points))
    busy = [any(begins <= at and then <= ends for begins, ends in spans) for at, then in steps]
    lengths = [(then - at).total_seconds() for at, then in steps]
    longest = IDLE_SHARE * max(sum(length for length, one in zip(lengths, busy, strict=True) if one), 1.0)
    drawn = [length if one else min(length, longest) for length, one in zip(lengths, busy, strict=True)]
    whole, so_far = sum(drawn) or 1.0, 0.0
    placed = {points[0]: 0.0} if points else {}
    for (_, then), length in zip(steps, drawn, strict=True):
        so_far += length
        placed[then] = 100 * so_far / whole
    return placed


def _name(visit: Visit, one: Happened) -> str:
    of = visit.case_words.of
    match one.kind:
        case "event":
            code = one.what.rpartition(".v")[0] or one.what
            return of(STEPS.get(code, (code, code)))
        case "alert":
            return visit._("Alert: %(title)s", title=one.what)
        case "delivery":
            name = of(STEPS.get(one.what, (one.what, one.what)))
            return visit._("Webhook: %(event)s", event=name)


def _details(visit: Visit, detail: Mapping[str, str], names: NamesTold) -> Iterator[tuple[str, str]]:
    for name, said in detail.items():
        if said:
            yield visit._(DETAILS[name]), _said(visit, name, said, names)


def _said(visit: Visit, name: str, said: str, names: NamesTold) -> str:
    match name:
        case "unit" if said in names.units:
            return visit.named(names.units[said])
        case "by" | "recipient" if said in names.people:
            return visit.named(names.people[said])
        case "state" if f"state.{said}" in WORDS:
            return visit.case_words(f"state.{said}")
        case "tell":
            units = [(unit, names.units.get(unit)) for unit in said.split(", ")]
            return visit.case_words.of(("、", ", ")).join(
                unit if name is None else visit.named(name) for unit, name in units
            )
        case "clock":
            return visit.case_words.of(CLOCKS.get(said, (said, said)))
        case "act":
            return visit.case_words.of(ACTS.get(said, (said, said)))
        case "kind":
            return visit.case_words.of(ALERTS.get(said, (said, said)))
        case "channels":
            return visit.case_words.of(("、", ", ")).join(_channel(visit, one) for one in said.split(", "))
        case "outcome":
            return outcome(visit, *said.split(" ", 1))
        case "state":
            return state_word(visit, said)
        case _:
            return said


def _channel(visit: Visit, told: str) -> str:
    """``sms (failed)``, as the story has it; the inbox has no state of its own."""
    code, _, state = told.removesuffix(")").partition(" (")
    return f"{way(visit, code)} ({state_word(visit, state)})" if state else way(visit, code)
