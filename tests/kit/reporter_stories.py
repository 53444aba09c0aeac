"""Stories as their reporter reads them: the golden pages in ``tests/golden/reporter``, Chinese and English.

``python -m tests.kit.reporter_stories`` writes them anew; read what changed before it is committed.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import msgspec

from services.intake.consumers import ProgressEvents
from services.intake.http.report_view import report_view
from services.intake.reports.progress_record import CaseProgress, ReportStatus, with_earlier_steps
from services.intake.reports.report_store import ReportStore
from services.router.cases.published_events import to_envelopes
from services.router.domain import events as e
from services.router.domain.case import Case, UnitOnPath
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from tests.kit.made_cases import COUNTY, INSPECTOR, T0, TOWN, TOWN_DESK, clock, do, fired, opened
from tests.kit.made_reports import TRACE, record
from tests.packs import SHEYANG

GOLDEN = Path(__file__).parents[1] / "golden" / "reporter"
LANGUAGES = ("zh", "en")
_PATH = (UnitOnPath(COUNTY, "county"), UnitOnPath(TOWN, "town"), UnitOnPath("jiaotonglu", "community"))
_ZONE = ZoneInfo("Asia/Shanghai")
_WORDS = {
    "pipe": "断管已更换，住户张三在场，电话13812345678。",
    "agreement": "与商户约定初一至初五在广场燃放",
    "reason": "不属于本平台受理范围，请拨打110",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What happened, so many minutes after the report, and the case then; the reporter looks at that moment."""

    after: float
    what: str
    case: Case


def _at(after: float) -> datetime:
    return T0 + timedelta(minutes=after)


def _case(category: str) -> Case:
    return replace(opened(path=_PATH), category=category)


def _pipe() -> Iterator[Look]:
    case = _case("water_pipe")
    yield Look(0, "sent", case)
    yield Look(4, "nobody pressed yet", case)
    case = do(case, "claim", now=_at(5))
    yield Look(5, "claimed", case)
    case = do(case, "on_site", now=_at(20))
    yield Look(20, "on site", case)
    case = do(case, "resolve", now=_at(90), how="repair", text=_WORDS["pipe"])
    yield Look(90, "repaired, with a name and a number in the officer's words", case)
    case = do(case, "inspect", INSPECTOR, now=_at(120), ok=True)
    case = do(case, "close", now=_at(125))
    yield Look(125, "closed", case)
    yield Look(3000, "two days later", case)


def _late() -> Iterator[Look]:
    case = _case("water_pipe")
    yield Look(1, "sent", case)
    yield Look(9, "about to be late", fired(case, _at(9)))
    case = fired(case, _at(12))
    yield Look(12, "the deadline has passed", case)
    case = fired(case, _at(17))
    yield Look(40, "the level above was told", case)


def _night() -> Iterator[Look]:
    case = opened(path=_PATH, clocks=(clock("acknowledge", 1050), clock("resolve", 2000)))
    yield Look(0, "sent in the evening, answered the next morning", case)
    yield Look(1000, "the next morning", case)


def _extended() -> Iterator[Look]:
    case = do(_case("water_pipe"), "claim", now=_at(5))
    yield Look(5, "claimed", case)
    later = _at(1000)
    case = do(case, "request_extension", now=_at(60), clock="resolve", until=later, reason="parts")
    case = do(case, "approve_extension", TOWN_DESK, now=_at(70), clock="resolve", until=later)
    yield Look(70, "put off", case)


def _agreement() -> Iterator[Look]:
    case = do(_case("fireworks"), "claim", now=_at(5))
    yield Look(60, "agreed", do(case, "resolve", now=_at(60), how="agreement", text=_WORDS["agreement"]))


def _fire() -> Iterator[Look]:
    case = _case("fire")
    yield Look(0, "sent", case)
    case = do(do(case, "claim", now=_at(1)), "on_site", now=_at(6))
    yield Look(6, "somebody is there", case)
    yield Look(50, "out", do(case, "resolve", now=_at(50), how="repair", text="明火已扑灭"))


def _rejected() -> Iterator[Look]:
    case = do(_case("noise"), "acknowledge", now=_at(3))
    yield Look(8, "rejected", do(case, "reject", now=_at(8), reason=_WORDS["reason"]))


STORIES: dict[str, Callable[[], Iterator[Look]]] = {
    "a-burst-pipe": _pipe,
    "nobody-answers": _late,
    "in-the-evening": _night,
    "a-shed-on-fire": _fire,
    "put-off": _extended,
    "an-agreement": _agreement,
    "rejected": _rejected,
}


class _Store:
    """As much of the store as the projection writes, with the steps that it keeps."""

    def __init__(self) -> None:
        self.case: CaseProgress | None = None

    async def save_cases(self, cases: list[CaseProgress]) -> None:
        earlier = self.case.steps if self.case is not None else []
        self.case = with_earlier_steps(cases[-1], earlier)

    async def save_attachments(self, attachments: object) -> None: ...


def pack(language: str) -> Pack:
    """Sheyang, read in one language."""
    files = read_folder(SHEYANG)
    others = [language, *(one for one in LANGUAGES if one != language)]
    return read_pack({**files, "city.yaml": files["city.yaml"].replace("[zh, en]", f"[{', '.join(others)}]")})


async def page(story: str, of: Pack) -> str:
    """The story as a page of text."""
    store, lines = _Store(), [f"# {story}"]
    for look in STORIES[story]():
        seen = to_envelopes(look.case, [e.Noted(at=_at(look.after), text="")], TRACE)
        await ProgressEvents(cast(ReportStore, store)).handle(seen)
        status = ReportStatus(msgspec.structs.replace(record(), received_at=T0), store.case)
        view = report_view(status, of, _at(look.after))
        lines += ["", f"## {_at(look.after).astimezone(_ZONE):%m-%d %H:%M} {look.what}"]
        lines += [f"[{view.status_text}] {view.message}", *([f"! {view.emergency}"] if view.emergency else [])]
        lines += [f"  {step.at.astimezone(_ZONE):%m-%d %H:%M} {step.text}" for step in view.steps]
    return "\n".join(lines) + "\n"


def main() -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        of = pack(language)
        for story in STORIES:
            text = asyncio.run(page(story, of))
            (GOLDEN / f"{story}.{language}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
