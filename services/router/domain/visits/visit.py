"""A visit: units go to a place together at a time; afterwards it is recorded who came and what the result was.

Joint enforcement 联合执法, an estate's patrol 联合巡查, one of a campaign 专项整治, a published service 服务清单:
all are visits.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from shared.kernel.errors import FieldError, conflict, invalid
from shared.kernel.vocabulary import VisitKind, VisitStateName

PATROLS: tuple[VisitKind, ...] = ("joint_enforcement", "patrol")
"""The kinds that count for ``patrols`` of ``city.yaml``."""
BEFORE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The aggregate. ``unit`` organises it; ``place`` is a place of the gazetteer or a unit."""

    id: str
    city: str
    version: int
    kind: VisitKind
    unit: str
    place: str
    at: datetime
    purpose: str
    invited: tuple[str, ...]
    pack_version: str
    planned_by: str
    planned_at: datetime
    state: VisitStateName = "planned"
    case: str | None = None
    campaign: str | None = None
    campaign_name: str | None = None
    came: tuple[str, ...] = ()
    """Which of the invited units came."""
    result: str | None = None
    """The result, or why it was called off."""
    photos: tuple[str, ...] = ()
    ended_by: str | None = None
    ended_at: datetime | None = None
    remind_at: datetime | None = None
    """When those invited are reminded; None after that, or when the visit has ended."""

    @property
    def stayed_away(self) -> tuple[str, ...]:
        """Who was invited and did not come; nobody before it was held."""
        return tuple(unit for unit in self.invited if unit not in self.came) if self.state == "held" else ()

    @property
    def slot(self) -> str | None:
        """Place and time as a unique key: no two visits share it. None once it is called off."""
        return None if self.state == "cancelled" else f"{self.city}/{self.place}/{self.at:%Y-%m-%dT%H:%MZ}"


def reminder(at: datetime, planned_at: datetime, told_at: time, zone: tzinfo) -> datetime | None:
    """When those invited to a visit at ``at`` are reminded: on its day at ``told_at`` of the city's clock, or an hour
    before it begins where that is earlier. None where they have only just been invited."""
    morning = datetime.combine(at.astimezone(zone).date(), told_at, zone).astimezone(UTC)
    remind_at = min(morning, at - BEFORE)
    return remind_at if remind_at > planned_at else None


def held(visit: Visit, *, came: tuple[str, ...], result: str, photos: tuple[str, ...], by: str, now: datetime) -> Visit:
    """It took place. Raises ``Refusal`` 409 before its time or when it has ended, 422 for who was not invited."""
    _still_planned(visit)
    if now < visit.at:
        raise conflict("not-open", "It has not begun yet.", state=visit.state)
    for number, unit in enumerate(came):
        if unit not in visit.invited:
            raise invalid(FieldError(f"/came/{number}", "was not invited"))
    kept = tuple(dict.fromkeys(came))
    return _ended(replace(visit, state="held", came=kept, photos=photos), result, by, now)


def cancelled(visit: Visit, *, reason: str, by: str, now: datetime) -> Visit:
    """It is called off. Raises ``Refusal`` 409 when it has ended."""
    _still_planned(visit)
    return _ended(replace(visit, state="cancelled"), reason, by, now)


def _still_planned(visit: Visit) -> None:
    if visit.state != "planned":
        raise conflict("not-open", f"The visit is {visit.state}.", state=visit.state)


def _ended(visit: Visit, said: str, by: str, now: datetime) -> Visit:
    return replace(visit, version=visit.version + 1, result=said, ended_by=by, ended_at=now, remind_at=None)
