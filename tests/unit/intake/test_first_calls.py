"""Whom to call first (119, 120, 110): the receipt and the report say the same, by the category and by the words."""

from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from services.intake.consumers import ProgressEvents
from services.intake.http.report_routes import ReportRoutes
from services.intake.http.report_view import report_view
from services.intake.reports.bodies import ReportBody
from services.intake.reports.group_commit import Receipt
from services.intake.reports.progress_record import CaseProgress, ReportStatus
from services.intake.reports.report_store import ReportStore
from services.router.cases.published_events import to_envelopes
from services.router.domain import events as e
from services.router.domain.values import replace
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from tests.kit.made_cases import T0, opened
from tests.kit.made_reports import APP, TRACE, record
from tests.packs import SHEYANG

FILES = read_folder(SHEYANG)
FIRE = {"zh": "有人受伤或着火", "en": "Fire or somebody hurt?"}
PIPE = {"zh": "请绕开积水", "en": "Keep clear of the water"}


def pack(language: str) -> Pack:
    first = "[zh, en]" if language == "zh" else "[en, zh]"
    return read_pack({**FILES, "city.yaml": FILES["city.yaml"].replace("[zh, en]", first)})


PACKS = {language: pack(language) for language in ("zh", "en")}


def receipt(words: str, category: str | None, of: Pack) -> tuple[str | None, str | None]:
    """What the answer to a report says first, and its advice."""
    routes = ReportRoutes.__new__(ReportRoutes)
    routes._packs = cast(object, SimpleNamespace(current=lambda _: of))  # type: ignore[assignment]
    body = ReportBody(kind="hazard", description=words, category=category)
    accepted = routes._accepted(Receipt("r1", T0, category, replayed=False), body, APP)
    return accepted.emergency, accepted.advice


class _Kept:
    """As much of the store as the projection writes."""

    case: CaseProgress | None = None

    async def save_cases(self, cases: list[CaseProgress]) -> None:
        self.case = cases[-1]


async def read(words: str, given: str | None, of: Pack, case: str | None = None) -> str | None:
    """What ``GET`` says first, before there is a case, or with one of the category ``case``."""
    kept = _Kept()
    if case is not None:
        happened = to_envelopes(replace(opened(), category=case), [e.Noted(at=T0, text="note")], TRACE)
        await ProgressEvents(cast(ReportStore, kept)).handle(happened)
    report = msgspec.structs.replace(record(), description=words, category=given)
    return report_view(ReportStatus(report, kept.case), of, T0).emergency


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("category", [None, "fire", "other", "street_light"])
async def test_the_stop_is_said_by_words_whatever_category_was_given(category: str | None, language: str) -> None:
    of = PACKS[language]
    said, _ = receipt("车棚着火了", category, of)
    assert (said or "").startswith(FIRE[language])
    assert await read("车棚着火了", category, of) == said, "before there is a case"
    assert await read("车棚着火了", category, of, case=category or "fire") == said, "and with one"


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_advice_of_a_receipt_is_in_the_citys_language(language: str) -> None:
    assert (receipt("水管爆了", None, PACKS[language])[1] or "").startswith(PIPE[language])


async def test_words_that_mean_no_danger_stop_nobody() -> None:
    assert receipt("路灯不亮", "street_light", PACKS["zh"])[0] is None
    assert await read("路灯不亮", "street_light", PACKS["zh"]) is None


async def test_what_an_officer_made_of_it_counts_more_than_the_words() -> None:
    assert await read("车棚着火了", None, PACKS["zh"], case="garbage") is None
    assert await read("车棚着火了", "other", PACKS["zh"], case="garbage") is None
