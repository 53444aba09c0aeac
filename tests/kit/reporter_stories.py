"""Stories as their reporter reads them: the golden pages in ``tests/golden/reporter``, Chinese and English.

``python -m tests.kit.reporter_stories`` writes them anew; read what changed before it is committed.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import msgspec

from services.intake.consumers import ProgressEvents
from services.intake.http.report_view import report_view
from services.intake.reports.progress_record import CaseProgress, ReportStatus, with_earlier_steps
from services.intake.reports.report_record import OwnStep
from services.intake.reports.report_store import ReportStore
from services.router.cases.placing import placed
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.attachment import ArrivedReport, Attached, AttachmentRules, attach
from services.router.domain.case import Case
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.report import Report
from services.router.domain.commands import request_info
from services.router.domain.commands.command import Actor
from services.router.domain.commands.inspection import judged
from services.router.domain.commands.request_info import InfoGiven
from services.router.domain.values import replace
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.city.texts.reporter_steps import ReporterStep, reasons
from shared.contracts.reports import Place, ReportSubmitted
from shared.kernel.ids import opening_report
from shared.runtime.sealed_texts import SealedTexts
from tests.kit.made_cases import (
    COUNTY,
    COUNTY_DESK,
    INSPECTOR,
    T0,
    TOWN,
    TOWN_DESK,
    clock,
    confirm,
    do,
    fired,
    fresh,
    opened,
    review_by,
)
from tests.kit.made_reports import TRACE, record
from tests.packs import SHEYANG

GOLDEN = Path(__file__).parents[1] / "golden" / "reporter"
LANGUAGES = ("zh", "en")
_PATH = (UnitOnPath(COUNTY, "county"), UnitOnPath(TOWN, "town"), UnitOnPath("jiaotonglu", "community"))
_OTHER = (*_PATH[:2], UnitOnPath("tiaoxin", "community"))
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
    attached: bool = False
    """Whether it is the case of an earlier report, to which this one was joined."""
    joined: float | None = None
    """When its own case was merged into that."""
    sent: float = 0
    """When the reporter sent it."""
    confidential: bool = False
    own: tuple[tuple[float, ReporterStep], ...] = ()
    """What the reporter did himself, and when."""


def _at(after: float) -> datetime:
    return T0 + timedelta(minutes=after)


def _case(category: str) -> Case:
    return replace(opened(path=_PATH), category=category)


def _pipe(_: Pack) -> Iterator[Look]:
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


def _late(_: Pack) -> Iterator[Look]:
    case = _case("water_pipe")
    yield Look(1, "sent", case)
    yield Look(9, "about to be late", fired(case, _at(9)))
    case = fired(case, _at(12))
    yield Look(12, "the deadline has passed", case)
    case = fired(case, _at(17))
    yield Look(40, "the level above was told", case)


def _night(_: Pack) -> Iterator[Look]:
    case = opened(path=_PATH, clocks=(clock("acknowledge", 1050), clock("resolve", 2000)))
    yield Look(0, "sent in the evening, answered the next morning", case)
    yield Look(1000, "the next morning", case)


def _extended(_: Pack) -> Iterator[Look]:
    case = do(_case("water_pipe"), "claim", now=_at(5))
    yield Look(5, "claimed", case)
    later = _at(1000)
    case = do(case, "request_extension", now=_at(60), clock="resolve", until=later, reason="parts")
    case = do(case, "approve_extension", TOWN_DESK, now=_at(70), clock="resolve", until=later)
    yield Look(70, "put off", case)


def _agreement(_: Pack) -> Iterator[Look]:
    case = do(_case("fireworks"), "claim", now=_at(5))
    yield Look(60, "agreed", do(case, "resolve", now=_at(60), how="agreement", text=_WORDS["agreement"]))


def _fire(_: Pack) -> Iterator[Look]:
    case = _case("fire")
    yield Look(0, "sent", case)
    case = do(do(case, "claim", now=_at(1)), "on_site", now=_at(6))
    yield Look(6, "somebody is there", case)
    yield Look(50, "out", do(case, "resolve", now=_at(50), how="repair", text="明火已扑灭"))


def _rejected(_: Pack) -> Iterator[Look]:
    case = do(_case("noise"), "acknowledge", now=_at(3))
    case = do(case, "reject", now=_at(8), said=_WORDS["reason"], review_clock=review_by(_at(8)))
    yield Look(9, "asked for: nothing is said of it", case)
    case = do(case, "approve_reject", TOWN_DESK, now=_at(20), object_by=_at(20 + 15 * 24 * 60))
    yield Look(20, "granted", case)
    judged_ = judged(case, e.Rated(at=_at(30), score=1), None, review_by(_at(30)))
    case = apply_all(case, judged_)
    yield Look(30, "not satisfied: an objection", case)
    further = "复核后仍不属于受理范围"
    said = reasons(_WORDS["reason"], further, "zh")
    yield Look(60, "upheld", do(case, "refuse_objection", COUNTY_DESK, now=_at(60), reason=further, said=said))


def _returned(_: Pack) -> Iterator[Look]:
    case = do(_case("water_pipe"), "return", now=_at(4), review_clock=review_by(_at(4)))
    yield Look(4, "returned by the unit: nothing is said of it until another has it", case)
    yield Look(9, "granted", do(case, "approve_return", TOWN_DESK, _at(9), path=_OTHER, to=_OTHER[-1].id, promise=None))


_SECOND = Report("r2", "app", _at(30))
_SEALED = SealedTexts("x" * 32, bytes)
_WHICH_GATE = "请问是小区东门还是西门？"


def _joined(_: Pack) -> Iterator[Look]:
    """Somebody else reported it half an hour before."""
    case = _with_another(do(_case("manhole"), "claim", now=_at(5)))
    yield Look(30, "sent; it was reported and claimed before", case, attached=True, sent=30)
    case = do(case, "on_site", now=_at(45))
    case = do(case, "resolve", now=_at(90), how="repair", text="井盖已更换")
    yield Look(90, "repaired", case, attached=True, sent=30)
    case = do(do(case, "inspect", INSPECTOR, now=_at(95), ok=True), "close", now=_at(100))
    yield Look(100, "closed", case, attached=True, sent=30)


def _joined_late(_: Pack) -> Iterator[Look]:
    case = _with_another(fired(_case("manhole"), _at(12)))
    yield Look(30, "sent; the desk is late with the earlier report", case, attached=True, sent=30)


def _with_another(case: Case) -> Case:
    """With the reporter's own report, which came half an hour after the first."""
    counted = attach(case, [ArrivedReport(report=_SECOND, priority="urgent")], 2, AttachmentRules(), _at(30))
    return apply_all(case, counted)


def _merged_by_desk(_: Pack) -> Iterator[Look]:
    own = replace(_case("manhole"), id="c2")
    yield Look(3, "sent", own)
    older = do(replace(_case("manhole"), id="c1"), "claim", now=_at(4))
    came = Attached(at=_at(6), arrived=(), count=2, from_case="c2", came=(Report("r2", "app", T0),))
    yield Look(6, "the desk put it to an earlier case", apply_all(older, [came]), attached=True, joined=6)


def _split_off(_: Pack) -> Iterator[Look]:
    older = _with_another(do(_case("manhole"), "claim", now=_at(5)))
    yield Look(31, "joined by mistake", older, attached=True, sent=30)
    own = replace(opened(path=_PATH, at=_at(30)), category="manhole", linked_to="c1")
    yield Look(35, "the desk split it off", replace(own, id="c2"), sent=30)
    own = do(replace(own, id="c2"), "claim", now=_at(36))
    yield Look(36, "claimed on its own", own, sent=30)


def _put_back(_: Pack) -> Iterator[Look]:
    """The case was merged into an older one, and stands for itself again."""
    own = do(replace(_case("manhole"), id="c2"), "claim", now=_at(5))
    yield Look(5, "claimed", own)
    older = replace(_case("manhole"), id="c0")
    merged = do(own, "merge", now=_at(8), into="c0", older=older)
    came = Attached(at=_at(8), arrived=(), count=2, from_case="c2", came=own.reports)
    yield Look(8, "merged by mistake", apply_all(older, [came]), attached=True, joined=8)
    again = apply_all(merged, [e.Reopened(at=_at(20), text="split off again", clock=fresh(_at(20)))])
    yield Look(20, "split off again", again)


def _reopened(_: Pack) -> Iterator[Look]:
    case = do(_case("street_light"), "claim", now=_at(5))
    case = do(case, "resolve", now=_at(60), how="repair", text="灯泡已更换")
    case = do(do(case, "inspect", INSPECTOR, now=_at(70), ok=True), "close", now=_at(80))
    yield Look(80, "closed", case)
    case = apply_all(case, judged(case, e.Rated(at=_at(200), score=1, text="又不亮了"), fresh(_at(200))))
    yield Look(200, "not satisfied: opened again, one level up", case)
    case = do(case, "claim", TOWN_DESK, now=_at(210))
    yield Look(210, "claimed there", case)
    case = do(case, "resolve", TOWN_DESK, now=_at(300), how="repair", text="线路已修复")
    yield Look(300, "repaired again", case)


def _asked(_: Pack) -> Iterator[Look]:
    case = do(_case("manhole"), "claim", now=_at(5))
    case = do(case, "request_info", now=_at(10), question=_WHICH_GATE, confirm_clock=confirm(_at(10)))
    yield Look(10, "asked for more", case)
    given = InfoGiven(at=_at(40), text="东门")
    case = apply_all(case, request_info.answered(case, given, {}))
    yield Look(40, "answered", case)


def _unanswered(_: Pack) -> Iterator[Look]:
    case = do(_case("manhole"), "claim", now=_at(5))
    case = do(case, "request_info", now=_at(10), question=_WHICH_GATE, confirm_clock=confirm(_at(10)))
    late = 10 + 5 * 24 * 60
    yield Look(late + 1, "no answer in five days", fired(case, _at(late + 1)))


def _confidential(_: Pack) -> Iterator[Look]:
    case = replace(_case("public_security_clue"), confidential=True)
    yield Look(0, "sent", case, confidential=True)
    case = do(case, "claim", now=_at(5))
    yield Look(5, "claimed", case, confidential=True)
    sealed = _SEALED.seal(case.id, _WHICH_GATE)
    case = do(case, "request_info", now=_at(10), question=sealed, confirm_clock=confirm(_at(10)))
    yield Look(10, "asked for more: the reporter reads the question, and nobody else", case, confidential=True)
    case = apply_all(case, request_info.answered(case, InfoGiven(at=_at(40), text="东门"), {}))
    case = do(case, "resolve", now=_at(60), how="enforcement", text="已抓获张三")
    yield Look(60, "dealt with", case, confidential=True)
    case = do(do(case, "inspect", INSPECTOR, now=_at(70), ok=True), "close", now=_at(80))
    yield Look(80, "closed", case, confidential=True)


def _taken_back(_: Pack) -> Iterator[Look]:
    case = do(_case("garbage"), "claim", now=_at(5))
    yield Look(20, "something was added", case, own=((20, "report.added"),))
    own: tuple[tuple[float, ReporterStep], ...] = ((20, "report.added"), (30, "report.withdrawn"))
    yield Look(30, "taken back: the case stays until the desk ends it", case, own=own)
    case = do(case, "resolve", now=_at(60), how="self_restored", text="现场已清理")
    yield Look(60, "the desk looked", case, own=own)


def _which_place(of: Pack) -> Iterator[Look]:
    """The words name a place that is there twice."""
    said = ReportSubmitted(
        report="r1",
        app="app",
        kind="hazard",
        description="幸福小区3号楼车棚着火了",
        place=Place(),
        cell="sheyang:1:1",
        received_at=T0,
        pack_version=of.version,
    )
    case, _ = assign(said, "sheyang", of)
    yield Look(0, "sent", case)
    said_where = placed(case, e.Noted(at=_at(2), text="2", word="added"), "2", of)
    assert said_where is not None
    case = apply_all(case, [said_where])
    yield Look(2, "which one was answered", case)
    case = do(case, "claim", Actor("desk", case.unit, "duty_officer", "A"), now=_at(3))
    yield Look(3, "claimed", case)


STORIES: dict[str, Callable[[Pack], Iterator[Look]]] = {
    "a-burst-pipe": _pipe,
    "nobody-answers": _late,
    "in-the-evening": _night,
    "a-shed-on-fire": _fire,
    "put-off": _extended,
    "an-agreement": _agreement,
    "rejected": _rejected,
    "joined": _joined,
    "joined-late": _joined_late,
    "merged-by-the-desk": _merged_by_desk,
    "split-off": _split_off,
    "put-back": _put_back,
    "reopened": _reopened,
    "asked-and-answered": _asked,
    "asked-and-not-answered": _unanswered,
    "confidential": _confidential,
    "taken-back": _taken_back,
    "which-place": _which_place,
    "sent-to-another-unit": _returned,
}


class _Store:
    """As much of the store as the projection writes, with the steps that it keeps."""

    def __init__(self) -> None:
        self.cases: dict[str, CaseProgress] = {}

    async def save_cases(self, cases: list[CaseProgress]) -> None:
        for case in cases:
            earlier = self.cases[case.id].steps if case.id in self.cases else []
            self.cases[case.id] = with_earlier_steps(case, earlier)

    async def save_attachments(self, attachments: object) -> None: ...


def pack(language: str) -> Pack:
    """Sheyang, read in one language."""
    files = read_folder(SHEYANG)
    others = [language, *(one for one in LANGUAGES if one != language)]
    return read_pack({**files, "city.yaml": files["city.yaml"].replace("[zh, en]", f"[{', '.join(others)}]")})


async def page(story: str, of: Pack) -> str:
    """The story as a page of text."""
    store, lines = _Store(), [f"# {story}"]
    for look in STORIES[story](of):
        seen = to_envelopes(look.case, [e.Noted(at=_at(look.after), text="")], TRACE)
        await ProgressEvents(cast(ReportStore, store)).handle(seen)
        own = [OwnStep(at=_at(at), what=what, text="") for at, what in look.own]
        id_ = record().id if look.attached else opening_report(look.case.id)
        sent = msgspec.structs.replace(
            record(), id=id_, received_at=_at(look.sent), confidential=look.confidential, own_steps=own
        )
        joined = _at(look.joined) if look.joined is not None else None
        status = ReportStatus(sent, store.cases[look.case.id], attached=look.attached, joined_at=joined)
        asked = status.case.question if status.case is not None else None
        opened_ = _SEALED.opened(asked.sealed) if asked is not None and asked.sealed is not None else None
        view = report_view(status, of, _at(look.after), asked=opened_)
        lines += ["", f"## {_at(look.after).astimezone(_ZONE):%m-%d %H:%M} {look.what}"]
        lines += [f"[{view.status_text}] {view.message}", *([f"! {view.emergency}"] if view.emergency else [])]
        lines += [f"? {view.question.text}"] if view.question is not None else []
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
