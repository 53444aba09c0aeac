"""A rider app and an officer's program on generated Python clients: ``python rider_and_officer.py report|claim INPUT``.

INPUT and what is written are JSON. ``whistle_clients`` is generated: tests/kit/generated_clients.py.
"""

import base64
import json
import sys
import uuid
from http import HTTPStatus
from io import BytesIO
from typing import TypedDict, TypeVar

from whistle_clients.intake import AuthenticatedClient as Intake
from whistle_clients.intake.api.photos import get_v1_photos_id, post_v1_photos
from whistle_clients.intake.api.reports import get_v1_reports_id, post_v1_reports
from whistle_clients.intake.models import (
    Accepted,
    Location,
    LocationCrsType0,
    PostV1PhotosFilesBody,
    ReportBody,
    ReportBodyKind,
    ReportView,
    StoredPhoto,
)
from whistle_clients.intake.types import File
from whistle_clients.router import AuthenticatedClient as Router
from whistle_clients.router.api.cases import post_v1_cases_id_claim
from whistle_clients.router.api.queues import get_v1_queues_unit_cases
from whistle_clients.router.models import CaseAnswer, LeftRow, NoBody, QueueAnswer, QueueRow
from whistle_clients.router.types import UNSET, Unset

T = TypeVar("T")


class ForRider(TypedDict):
    """``picture``: a JPEG in base64."""

    url: str
    token: str
    picture: str
    lon: float
    lat: float


class ForOfficer(TypedDict):
    """``intake`` and ``url`` (the router's): addresses."""

    intake: str
    url: str
    token: str
    unit: str
    case: str
    photo: str


def answered(answer: object, shape: type[T]) -> T:
    """The answer, which is of that shape; an error with the problem's words otherwise."""
    if not isinstance(answer, shape):
        raise SystemExit(f"no {shape.__name__}: {answer}")
    return answer


def report(told: ForRider) -> dict[str, object]:
    """Sends a photo and a report with it, and reads the report."""
    intake = Intake(told["url"], told["token"], raise_on_unexpected_status=True)
    picture = File(BytesIO(base64.b64decode(told["picture"])), "lamp.jpg", "image/jpeg")
    form = PostV1PhotosFilesBody(picture)
    sent = post_v1_photos.sync(client=intake, body=form, idempotency_key=uuid.uuid4().hex)
    photo = answered(sent, StoredPhoto)
    body = ReportBody(
        ReportBodyKind.HAZARD,
        "the lamp is dark",
        Location(told["lon"], told["lat"], LocationCrsType0.WGS84),
        photos=[photo.id],
    )
    accepted = answered(post_v1_reports.sync(client=intake, body=body, idempotency_key=uuid.uuid4().hex), Accepted)
    view = answered(get_v1_reports_id.sync(accepted.id, client=intake), ReportView)
    return {
        "photo": photo.id,
        "report": view.id,
        "status_text": view.status_text,
        "description": view.description,
        "photos": view.photos,
    }


def listed(router: Router, unit: str, case: str) -> tuple[QueueAnswer, QueueRow]:
    """The page of the queue with the case, and its row there."""
    cursor: str | Unset = UNSET
    while True:
        page = answered(get_v1_queues_unit_cases.sync(unit, client=router, cursor=cursor), QueueAnswer)
        for row in page.items:
            if row.id == case:
                return page, row
        if not isinstance(page.next_, str):
            raise SystemExit("the case is not in the queue")
        cursor = page.next_


def claim(told: ForOfficer) -> dict[str, object]:
    """Looks at the photo, claims the case in the queue, and reads its row from the queue's stream."""
    intake = Intake(told["intake"], told["token"], raise_on_unexpected_status=True)
    router = Router(told["url"], told["token"], raise_on_unexpected_status=True)
    shown = get_v1_photos_id.sync_detailed(told["photo"], client=intake)
    if shown.status_code != HTTPStatus.OK:
        raise SystemExit(f"no photo: {shown.parsed}")
    picture = answered(shown.parsed, File)
    queue, row = listed(router, told["unit"], told["case"])
    done = post_v1_cases_id_claim.sync(told["case"], client=router, body=NoBody(), idempotency_key=uuid.uuid4().hex)
    claimed = answered(done, CaseAnswer)
    streamed = case_row(router, told["unit"], queue.stream_from, told["case"], claimed.version)
    return {
        "picture": len(picture.payload.read()),
        "state": claimed.state.value,
        "queued": row.to_dict(),
        "streamed": streamed.to_dict(),
        "untold": [*row.additional_keys, *streamed.additional_keys, *claimed.additional_keys],
    }


def case_row(router: Router, unit: str, start: str, case: str, version: int) -> QueueRow:
    """The first row of the case in the stream, from ``start`` on, that has ``version`` or a later one."""
    http = router.get_httpx_client()
    with http.stream("GET", f"/v1/queues/{unit}/stream", params={"from": start}) as answer:
        event = ""
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            if name == "data" and event in ("case", "left"):
                found = (
                    QueueRow.from_dict(json.loads(value)) if event == "case" else LeftRow.from_dict(json.loads(value))
                )
                if isinstance(found, QueueRow) and found.id == case and found.version >= version:
                    return found
    raise SystemExit("the stream ended without it")


if __name__ == "__main__":
    verb, told = sys.argv[1], json.loads(sys.argv[2])
    sys.stdout.write(json.dumps(report(told) if verb == "report" else claim(told)))
