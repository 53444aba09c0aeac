"""Photos of what was done, by a signed address without a key: whose they are, how long, and what they never show."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from services.intake.consumers import ProgressEvents
from services.intake.http.outcome_photos import OutcomePhotos
from services.intake.http.report_view import report_view
from services.intake.photos.photo_store import PhotoStore
from services.intake.reports.progress_record import CaseProgress, ReportStatus
from services.intake.reports.report_store import ReportStore
from services.router.cases.published_events import to_envelopes
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import Case
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Call
from tests.kit.made_cases import T0, do, fresh, opened
from tests.kit.made_reports import TRACE, record
from tests.packs import SHEYANG, pack_of

URL = "https://whistle.example"
LATER = T0 + timedelta(hours=1)


class Intake:
    """As much of intake's stores as an address asks: one report with its case, and one photo."""

    def __init__(self, case: Case, *, confidential: bool = False, photo: str = "clean") -> None:
        self.now, self.photo = LATER, photo
        self.progress: CaseProgress | None = None
        self.report = msgspec.structs.replace(record(), received_at=T0, confidential=confidential)
        self.shown_sizes: list[str] = []
        clock = SimpleNamespace(now=lambda: self.now)
        self.links = OutcomePhotos(
            "secret", URL + "/", cast(ReportStore, self), cast(PhotoStore, self), cast(Any, clock)
        )
        self._case = case

    async def save_cases(self, cases: list[CaseProgress]) -> None:
        self.progress = cases[-1]

    async def read(self, case: Case | None = None) -> ReportStatus:
        events = to_envelopes(case or self._case, [e.Noted(at=T0, text="")], TRACE)
        await ProgressEvents(cast(ReportStore, self)).handle(events)
        return ReportStatus(self.report, self.progress)

    async def status(self, city: str, app: str | None, id_: str) -> ReportStatus | None:
        same = (city, app, id_) == (self.report.city, None, self.report.id)
        return ReportStatus(self.report, self.progress) if same else None

    async def get(self, city: str, id_: str) -> Any:
        return SimpleNamespace(id=id_, state=self.photo) if id_ == "f1" else None

    async def shown(self, id_: str, size: str) -> bytes:
        self.shown_sizes.append(size)
        return b"jpeg of " + id_.encode()

    async def open(self, address: str) -> bytes:
        call = SimpleNamespace(path={"token": address.removeprefix(f"{URL}/p/")})
        return bytes((await self.links.show(cast(Call, call))).body)


def repaired(case: Case | None = None) -> Case:
    claimed = do(case or opened(), "claim", now=T0)
    return do(claimed, "resolve", now=T0, how="repair", text="done", photos=("f1",))


async def test_the_app_reads_an_address_that_shows_the_small_picture_without_a_key() -> None:
    intake = Intake(repaired())
    status = await intake.read()
    (address,) = intake.links.make(status)
    view = report_view(status, pack_of(SHEYANG), LATER, photos=[address])
    assert view.outcome is not None
    assert (view.outcome.photos, view.outcome.links) == (["f1"], [address])
    assert address.startswith(f"{URL}/p/")
    assert await intake.open(address) == b"jpeg of f1"
    assert intake.shown_sizes == ["thumb"]


async def test_an_address_is_the_same_all_day_and_ends_within_a_week() -> None:
    intake = Intake(repaired())
    status = await intake.read()
    (address,) = intake.links.make(status)
    intake.now = LATER.replace(hour=23, minute=59)
    assert intake.links.make(status) == [address]
    intake.now = LATER + timedelta(days=6)
    assert await intake.open(address)
    intake.now = LATER + timedelta(days=7)
    with pytest.raises(Refusal) as refused:
        await intake.open(address)
    assert refused.value.status == 404


@pytest.mark.parametrize("case", [repaired(), opened()], ids=["a confidential report", "nothing done"])
async def test_there_is_no_address_where_nothing_may_be_shown(case: Case) -> None:
    intake = Intake(case, confidential=True)
    assert intake.links.make(await intake.read()) == []


async def test_once_the_case_is_opened_again_the_old_address_shows_nothing() -> None:
    case = repaired()
    intake = Intake(case)
    (address,) = intake.links.make(await intake.read())
    await intake.read(apply_all(case, [e.Reopened(at=LATER, clock=fresh(T0))]))
    with pytest.raises(Refusal):
        await intake.open(address)


@pytest.mark.parametrize("photo", ["sent", "unreadable"])
async def test_a_photo_that_is_not_clean_is_not_shown(photo: str) -> None:
    intake = Intake(repaired(), photo=photo)
    (address,) = intake.links.make(await intake.read())
    with pytest.raises(Refusal) as refused:
        await intake.open(address)
    assert refused.value.status == 404
    assert intake.shown_sizes == []


async def test_an_address_that_was_changed_shows_nothing() -> None:
    intake = Intake(repaired())
    (address,) = intake.links.make(await intake.read())
    for changed in (address[:-4] + "AAAA", f"{URL}/p/none", f"{URL}/p/"):
        with pytest.raises(Refusal):
            await intake.open(changed)
