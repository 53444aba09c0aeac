"""The catalogue of events: type → topic and struct. Tests compare it with the docs and the golden samples."""

from typing import TypeVar

import msgspec

from shared.contracts import alerts, cases, cities, people, reports, rota, visits
from shared.contracts.envelope import DANGER, HISTORY, LIVE, Envelope, Malformed

T = TypeVar("T", bound=msgspec.Struct)

CATALOGUE: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "report.submitted.v1": (reports.TOPIC, reports.ReportSubmitted),
    "report.rated.v1": (reports.TOPIC, reports.ReportRated),
    "report.added.v1": (reports.TOPIC, reports.ReportAdded),
    "report.withdrawn.v1": (reports.TOPIC, reports.ReportWithdrawn),
    "report.unrouted.v1": (reports.TOPIC, reports.ReportUnrouted),
    "report.unrouted.v2": (reports.UNROUTED_TOPIC, reports.ReportUnrouted),
    **dict.fromkeys(cases.TYPES, (cases.TOPIC, cases.CaseEvent)),
    **dict.fromkeys(visits.TYPES, (visits.TOPIC, visits.VisitEvent)),
    "alert.sent.v1": (alerts.TOPIC, alerts.AlertSent),
    "city.loaded.v1": (cities.TOPIC, cities.CityLoaded),
    "rota.shift_swapped.v1": (rota.TOPIC, rota.ShiftSwapped),
    "rota.leave_taken.v1": (rota.TOPIC, rota.LeaveTaken),
    "person.invited.v1": (people.TOPIC, people.PersonInvited),
    "person.link_asked.v1": (people.TOPIC, people.PersonLinkAsked),
}

LANED = frozenset({reports.TOPIC, cases.TOPIC})
"""Topics that are split by lane: danger and history have topics of their own, so that danger never waits behind others
and imports delay nobody."""
_SUFFIXES = {DANGER: ".danger", LIVE: "", HISTORY: ".history"}


def lane_topic(topic: str, lane: int) -> str:
    """The name of the topic for one lane of ``topic``."""
    return topic + _SUFFIXES[lane] if topic in LANED else topic


def lane_group(group: str, lane: int) -> str:
    """The name of the consumer group for one lane, as ``router.reports.danger``."""
    return group + _SUFFIXES[lane]


def topic_of_lane(name: str) -> str:
    """The catalogue's topic for ``name``, which may be the topic of a lane."""
    topic = name.partition(".")[0]
    return topic if topic in LANED else name


TOPICS: dict[str, int] = {
    reports.TOPIC: 12,
    lane_topic(reports.TOPIC, DANGER): 6,
    lane_topic(reports.TOPIC, HISTORY): 6,
    reports.UNROUTED_TOPIC: 1,
    cases.TOPIC: 12,
    lane_topic(cases.TOPIC, DANGER): 6,
    lane_topic(cases.TOPIC, HISTORY): 6,
    visits.TOPIC: 1,
    alerts.TOPIC: 6,
    cities.TOPIC: 1,
    rota.TOPIC: 1,
    people.TOPIC: 1,
}
"""Topic → partitions. Adding partitions later moves keys to others; consumers do not rely on the order of versions."""

_EMITTERS: dict[str, str] = {
    reports.TOPIC: "intake",
    reports.UNROUTED_TOPIC: "intake",
    cases.TOPIC: "router",
    visits.TOPIC: "router",
    alerts.TOPIC: "notifier",
    cities.TOPIC: "router",
    rota.TOPIC: "router",
    people.TOPIC: "router",
}
EMITTERS: dict[str, str] = {name: _EMITTERS[topic_of_lane(name)] for name in TOPICS}
"""Topic → the service that emits its events, stores them and can publish them again."""

_encoder = msgspec.json.Encoder()
_decoders = {type_: msgspec.json.Decoder(shape) for type_, (_, shape) in CATALOGUE.items()}


def encode(data: msgspec.Struct) -> str:
    """The JSON text of an event's data."""
    return _encoder.encode(data).decode()


def decode(event: Envelope, shape: type[T]) -> T:
    """The data of ``event`` as ``shape``. Raises ``Malformed`` for an unknown type, bad JSON or another shape."""
    decoder = _decoders.get(event.type)
    if decoder is None:
        raise Malformed(f"the type {event.type} is not in the catalogue")
    try:
        data = decoder.decode(event.data)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Malformed(f"the data of {event.type} does not fit: {wrong}") from wrong
    if not isinstance(data, shape):
        raise Malformed(f"{event.type} does not carry {shape.__name__}")
    return data
