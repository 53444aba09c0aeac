"""Many reports in one request: each is answered for itself, as if it had been sent alone."""

import asyncio

import msgspec

from services.intake.reports.batch_pace import BatchPace
from services.intake.reports.bodies import BatchItem, WhereToGo, where_to_go
from services.intake.reports.group_commit import unknown
from services.intake.reports.report_intake import ReportIntake
from shared.city.model.sorting import Elsewhere
from shared.kernel.errors import FieldError, Refusal, invalid
from shared.runtime.http_server.decoding import Body
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.storage.mongo import MongoError

APPS = frozenset({"rider_app", "importer"})
BATCH_BYTES_MAX = 4 * 1024 * 1024
BATCH_MAX = 1000
ITEM_BYTES_MAX = 128 * 1024
"""Of one report of a batch: the longest words fit in, each character written as an escape."""
ITEM_ERRORS = 20
AT_ONCE = 8
"""Reports of a batch that are decoded before other requests have their turn of the event loop."""
IN_FLIGHT_MAX = 256
_item_body = Body(BatchItem, most=ITEM_ERRORS)


class FieldProblem(msgspec.Struct, frozen=True):
    pointer: str
    detail: str


class ItemProblem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a report was not taken; as the problem of a single request."""

    status: int
    type: str
    detail: str
    errors: list[FieldProblem] = []
    retry_after: int | None = None


class ItemView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one report of a batch."""

    index: int
    status: int
    id: str | None = None
    replayed: bool = False
    problem: ItemProblem | None = None
    elsewhere: WhereToGo | None = None
    """Of a report that is not dealt with here (status 200): where to go. Nothing is stored of it."""


class BatchAnswer(msgspec.Struct, frozen=True):
    """In the order of the request."""

    items: list[ItemView]


class BatchRoutes:
    """The handler of ``POST /v1/reports:batch``."""

    def __init__(self, intake: ReportIntake, quotas: Quotas, pace: BatchPace) -> None:
        self._intake = intake
        self._quotas = quotas
        self._pace = pace

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/reports:batch",
                self.submit_batch,
                "At most 1,000 reports, each with its own key; officers send the drafts of a patrol so",
                roles=APPS | {"officer"},
                body=list[msgspec.Raw],
                json_max=BATCH_BYTES_MAX,
                answers={200: BatchAnswer},
            )
        ]

    async def submit_batch(self, call: Call) -> Answer:
        raw: list[msgspec.Raw] = call.body
        if len(raw) > BATCH_MAX:
            raise Refusal(413, "too-large", f"At most {BATCH_MAX} reports.")
        gate = asyncio.Semaphore(IN_FLIGHT_MAX)

        async def one(index: int, item: msgspec.Raw) -> ItemView:
            try:
                return await self._submit(index, item, call, gate)
            except MongoError:
                return _refused(index, unknown())
            except Refusal as refusal:
                return _refused(index, refusal)

        begun: list[asyncio.Task[ItemView]] = []
        for index, item in enumerate(raw):
            begun.append(asyncio.create_task(one(index, item)))
            if index % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        return Answer(BatchAnswer(await asyncio.gather(*begun)))

    async def _submit(self, index: int, raw: msgspec.Raw, call: Call, gate: asyncio.Semaphore) -> ItemView:
        """Raises ``Refusal`` and ``MongoError``. Who waits for the router holds up nobody at the gate."""
        self._quotas.charge_key(call.principal)
        body = _decoded(raw)
        if await self._pace.is_behind() and not self._intake.is_danger(body, call.principal):
            await self._pace.turn()
        async with gate:
            receipt = await self._intake.submit(body, call.principal, body.idempotency_key, call.trace)
        if isinstance(receipt, Elsewhere):
            return ItemView(index=index, status=200, elsewhere=where_to_go(receipt))
        return ItemView(index=index, status=202, id=receipt.id, replayed=receipt.replayed)


def _refused(index: int, refusal: Refusal) -> ItemView:
    """What a batch says of a report that it did not take."""
    problem = ItemProblem(
        refusal.status,
        refusal.kind,
        refusal.detail,
        [FieldProblem(error.pointer, error.detail) for error in refusal.errors],
        refusal.retry_after,
    )
    return ItemView(index=index, status=refusal.status if refusal.status in (422, 429, 503) else 422, problem=problem)


def _decoded(raw: msgspec.Raw) -> BatchItem:
    """One report of a batch. Raises ``Refusal`` 422, also where one alone would be 400 or 413."""
    content = memoryview(raw)
    if len(content) > ITEM_BYTES_MAX:
        raise invalid(FieldError("", f"is larger than {ITEM_BYTES_MAX} bytes"))
    try:
        item = _item_body.read(bytes(content))
    except Refusal as refusal:
        raise refusal if refusal.status == 422 else invalid(FieldError("", refusal.detail)) from refusal
    assert isinstance(item, BatchItem)  # noqa: S101 - the body's own shape
    return item
