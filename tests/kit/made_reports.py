"""Reports, principals and the harbour's pack, as tests of intake, stores and contracts start from them."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from services.intake.domain.submission import Submission
from services.intake.reports.bodies import ReportBody
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import ReportRecord, record_of
from services.intake.reports.validation import ReportValidator
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.contracts.envelope import Envelope
from shared.runtime.http_server.decoding import Body
from shared.runtime.identity.directory import Principal
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "a secret of thirty-two characters"
APP = Principal(kind="rider_app", city="harbour", app="rider-app-1")
OTHER_APP = Principal(kind="rider_app", city="harbour", app="rider-app-2")
IMPORTER = Principal(kind="importer", city="harbour", app="archive")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@cache
def harbour() -> Pack:
    """The harbour's pack; reading it takes a moment, so once."""
    return read_pack(read_folder(HARBOUR))


def body(**fields: Any) -> ReportBody:
    """A good report's body; ``fields`` say otherwise."""
    sent = {"kind": "hazard", "description": "the street light is out", "location": QUAY, **fields}
    read: ReportBody = Body(ReportBody).read(msgspec.json.encode(sent))
    return read


def submission(key: str = "k1", who: Principal = APP, now: datetime = NOW, **fields: Any) -> Submission:
    """A report that passed every check."""
    return ReportValidator(SECRET).submission(body(**fields), who, key, harbour(), now)


def record(key: str = "k1", who: Principal = APP, now: datetime = NOW, **fields: Any) -> ReportRecord:
    """The same, as it is stored."""
    return record_of(submission(key, who, now, **fields), TRACE, now)


def submitted(key: str = "k1", who: Principal = APP, now: datetime = NOW, **fields: Any) -> Envelope:
    """Its ``report.submitted.v1``."""
    return submitted_event(record(key, who, now, **fields))
