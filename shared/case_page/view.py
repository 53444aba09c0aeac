"""A case as its page shows it: all texts in one language, ready for the template."""

from dataclasses import dataclass
from urllib.parse import quote

from shared.case_page.case_answer import Ask, CaseAnswer, Clock, Part
from shared.case_page.look import Look
from shared.case_page.next_steps import is_above, next_steps
from shared.case_page.press import Press
from shared.case_page.record import record
from shared.case_page.step_forms import StepView, step_views
from shared.case_page.words import WORDS, Words
from shared.city.place.datum import from_wgs84
from shared.kernel.spelling import as_read

PHOTOS_MAX = 9
TOLD_MAX = 12
DESCRIPTION_MAX = 1000
SAID_MAX = 200
ANSWERS_MAX = 20
MORE_MAX = 12
"""Choices beside the prominent ones: more parts of one unit are dealt with one after the other."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A clock by its name. ``due``: when it runs out; empty where it does not run."""

    name: str
    left: str
    late: bool
    due: str = ""


@dataclass(frozen=True, slots=True)
class MapLink:
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class PhotoView:
    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """The page's content; headings and labels come from ``words``."""

    words: Words
    title: str
    priority: str
    pressing: bool
    state: str
    count: str
    need: tuple[str, ...]
    said: str | None
    failed: bool
    version: str
    steps: tuple[StepView, ...]
    more: tuple[StepView, ...]
    place: str
    ground: str
    ground_level: str
    """What the level of that unit is called: 社区, 网格."""
    unit: str
    maps: tuple[MapLink, ...]
    description: str
    answers: tuple[str, ...]
    record: tuple[str, ...]
    clocks: tuple[TimeLine, ...]
    consultation: tuple[str, ...]
    parts: tuple[str, ...]
    asks: tuple[str, ...]
    photos: tuple[PhotoView, ...]
    told: tuple[str, ...]


def case_view(look: Look, *, said: str | None = None, failed: bool = False, tried: Press | None = None) -> CaseView:
    """The page. ``said``: what came of a press, ``failed``: nothing was recorded; ``tried``: a form to show again."""
    case, words, names = look.seen.case, look.words, look.names
    steps = next_steps(case, look.reader)
    place = case.location.place or case.location.address
    no_place = words("no_location" if case.location.lon is None else "no_place")
    ground = case.within if case.within != case.unit else None
    return CaseView(
        words=words,
        title=names.category(case.category) or words("title"),
        priority=words(f"priority.{case.priority}"),
        pressing=case.priority in ("danger", "urgent"),
        state=words(f"state.{case.state}"),
        count=words("confidential") if case.confidential else _count(look),
        need=need(look),
        said=said,
        failed=failed,
        version=look.seen.version,
        steps=step_views(look, steps.prominent, tried, main=True),
        more=step_views(look, (*steps.more[:MORE_MAX], *steps.marks), tried, main=False),
        place=place or no_place,
        ground="" if ground is None else names.unit(ground),
        ground_level="" if ground is None else names.level(ground) or words("ground"),
        unit=names.unit(case.unit),
        maps=map_links(case, words),
        description=case.description[:DESCRIPTION_MAX],
        answers=_answers(look),
        record=record(look),
        clocks=tuple(_clock(look, clock) for clock in case.clocks if _is_shown(clock)),
        consultation=_consultation(look),
        parts=tuple(_part(look, part) for part in case.parts),
        asks=(*_ruling(look), *(_ask(look, ask) for ask in case.asks)),
        photos=_photos(look),
        told=_told(look),
    )


def need(look: Look) -> tuple[str, ...]:
    """One or two sentences: what is needed from the reader, and who has the case."""
    case, words, names = look.seen.case, look.words, look.names
    steps = next_steps(case, look.reader)
    sentences: list[str] = []
    if case.offered_to is not None and case.offered_to not in look.reader.units:
        sentences.append(words("offered", names.unit(case.offered_to)))
    if case.claimed_by is not None and case.state not in ("closed", "rejected", "merged"):
        own = case.claimed_by == look.reader.person
        sentences.append(words("yours") if own else words("has_it", names.person(case.claimed_by)))
    elif is_above(case, look.reader) and case.state not in ("closed", "rejected", "merged"):
        sentences.append(words("supervised" if case.supervised_by else "watching", names.unit(case.unit)))
    first = steps.prominent[0][0].name if steps.prominent else None
    if first is not None:
        name = "inspect" if first.startswith("inspect") else first
        asked = WORDS.get(f"need.{name}")
        return (*((words.of(asked),) if asked is not None else ()), *sentences)
    waiting = "need.waiting_reporter" if case.state == "waiting_reporter" else "need.none"
    return (*sentences, words(waiting))


def map_links(case: CaseAnswer, words: Words) -> tuple[MapLink, ...]:
    """``geo:`` (RFC 5870) is WGS-84; Gaode's address takes GCJ-02, which ``coordinate=gaode`` states."""
    lon, lat = case.location.lon, case.location.lat
    if lon is None or lat is None:
        return ()
    name = quote((case.location.place or case.location.address or "")[:60])
    there_lon, there_lat = from_wgs84(lon, lat, "gcj02")
    gaode = f"https://uri.amap.com/marker?position={there_lon:.6f},{there_lat:.6f}&name={name}&coordinate=gaode&callnative=1"
    return (
        MapLink(f"geo:{lat:.6f},{lon:.6f}", words("geo")),
        MapLink(gaode, words("gaode")),
    )


def _is_shown(clock: Clock) -> bool:
    return clock.superseded_at is None and clock.state != "void"


def _clock(look: Look, clock: Clock) -> TimeLine:
    part = look.seen.case.part(clock.part)
    of = f" · {look.names.unit(part.unit)}" if part is not None else ""
    known = WORDS.get(f"clock.{clock.kind}")
    name = (look.words.of(known) if known is not None else clock.kind) + of
    match clock.state:
        case "paused" | "met":
            return TimeLine(name, look.words(clock.state), False)
        case "breached" if clock.met_at is not None:
            return TimeLine(name, look.words("breached"), True)
        case _:
            due = look.words("due", look.moment(clock.due_at))
            return TimeLine(name, *look.words.left(clock.due_at, look.now), due)


def _part(look: Look, part: Part) -> str:
    written = (text for text in (part.work, (part.said or "")[:SAID_MAX]) if text)
    return " · ".join((look.names.unit(part.unit), look.words(f"part.{part.state}"), *map(as_read, written)))


def _consultation(look: Look) -> tuple[str, ...]:
    held = look.seen.case.consultation
    if held is None:
        return ()
    units = "、".join(look.names.unit(party) for party in held.parties)
    concluded = (look.words("conclusion", held.conclusion),) if held.conclusion is not None else ()
    return tuple(line for line in (held.question, units, *concluded) if line)


def _ask(look: Look, ask: Ask) -> str:
    words, names = look.words, look.names
    reason = names.pause_reason(ask.reason) if ask.what == "pause" else ask.reason
    until = words("until", look.moment(ask.until)) if ask.until is not None else ""
    who = words("asked_by", names.person(ask.asked_by))
    parts = (words(f"ask.{ask.what}"), words(f"clock.{ask.clock}"), until, reason, who)
    return as_read(" · ".join(part for part in parts if part))


def _ruling(look: Look) -> tuple[str, ...]:
    """What the owner asks a level above to rule on, in its words, and who asks."""
    asked = look.seen.case.ruling
    if asked is None:
        return ()
    officer = f"{look.names.unit(asked.unit)} {look.names.person(asked.asked_by)}"
    who = look.words("asked_by", officer if asked.asked_by is not None else look.words("reporter"))
    known = WORDS.get(f"ask.{asked.what}")
    parts = (look.words.of(known) if known is not None else asked.what, asked.text, who)
    return (as_read(" · ".join(part for part in parts if part)),)


def _answers(look: Look) -> tuple[str, ...]:
    """水有多大：喷水: what reporters answered to the category's questions, what several say once."""
    case, words = look.seen.case, look.words
    said = {
        f"{look.names.question(case.category, name)}{words.of(('：', ': '))}{_said(answer, words)}": None
        for report in reversed(case.reports)
        for name, answer in report.answers.items()
    }
    return tuple(said)[:ANSWERS_MAX]


def _said(answer: str | float | bool, words: Words) -> str:
    if isinstance(answer, bool):
        return words("yes" if answer else "no")
    return as_read(str(answer))[:SAID_MAX]


def _count(look: Look) -> str:
    many = look.seen.case.report_count
    return look.words("reports", many) if many > 1 else ""


def _photos(look: Look) -> tuple[PhotoView, ...]:
    pictures = look.seen.case.pictures[:PHOTOS_MAX]
    return tuple(PhotoView(look.photo_url(id_), look.words("photo", n)) for n, id_ in enumerate(pictures, 1))


def _told(look: Look) -> tuple[str, ...]:
    told = tuple(dict.fromkeys(look.told))
    more = (look.words("told_more", len(told)),) if len(told) > TOLD_MAX else ()
    return (*told[:TOLD_MAX], *more)
