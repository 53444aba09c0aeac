"""What is read of the services' answers to tell the story of a report."""

from datetime import datetime
from typing import Literal

import msgspec

ServiceName = Literal["intake", "router", "notifier"]
SERVICES: tuple[ServiceName, ...] = ("intake", "router", "notifier")


class StoredEvent(msgspec.Struct, kw_only=True):
    """``stored_at``: in real time; None while it waits in its document."""

    id: str
    type: str
    subject: str
    city: str | None = None
    time: datetime
    stored_at: datetime | None = None
    data: dict[str, object] = {}

    @property
    def about(self) -> str:
        """The report or case that it is about; of an alert its case."""
        return str(self.data.get("case")) if self.type.startswith("alert.") else self.subject


class Trace(msgspec.Struct):
    """``about``: the case of a delivery."""

    items: list[StoredEvent] = []
    about: str | None = None


class CaseOf(msgspec.Struct):
    id: str


class Report(msgspec.Struct):
    case: CaseOf | None = None


class ChannelTold(msgspec.Struct):
    channel: str
    state: str
    id: str = ""


class AlertTold(msgspec.Struct, kw_only=True):
    id: str
    at: datetime
    title: str
    kind: str
    recipient: str
    unit: str
    channel: str
    state: str
    because: str = ""
    channels: list[ChannelTold] = []


class Alerts(msgspec.Struct):
    items: list[AlertTold] = []


class DeliveryTold(msgspec.Struct, kw_only=True):
    id: str
    type: str
    event: str
    webhook: str | None = None
    state: str
    attempts: int
    made_at: datetime
    last_at: datetime | None = None
    last_outcome: str | None = None
    last_status: int | None = None


class Deliveries(msgspec.Struct):
    items: list[DeliveryTold] = []


class FoundReport(msgspec.Struct):
    """A report of a telephone."""

    report: str
    city: str
    app: str
    received_at: datetime


class FoundReports(msgspec.Struct):
    """Newest first. ``searched``: how many reporters were looked through."""

    items: list[FoundReport]
    searched: int = 0


class City(msgspec.Struct):
    city: str
    timezone: str = "UTC"


class Cities(msgspec.Struct):
    items: list[City] = []


class Now(msgspec.Struct):
    """``now``: the installation's time."""

    now: datetime | None = None
