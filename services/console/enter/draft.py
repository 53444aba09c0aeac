"""A report that an officer enters for somebody (代录), or finds on patrol (巡查), as its form has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.frame.forms import Form
from services.console.frame.languages import N_

CHANNELS = (
    ("window", N_("Window")),
    ("phone", N_("Telephone")),
    ("group", N_("Group chat")),
    ("visit", N_("Visit")),
    ("hotline", N_("Hotline")),
)
PATROL = "patrol"
FOUND, HANDLED = "found", "handled"
"""What is done with a find: handed in, or handled on the spot."""
KINDS = (
    ("hazard", N_("Hazard")),
    ("need", N_("Need")),
    ("opinion", N_("Opinion")),
    ("clue", N_("Clue")),
)
PHOTOS_MAX = 9


@dataclass(frozen=True, slots=True)
class Draft:
    """``key``: born with the form, so that it is sent once. ``photos``, ``after``: ids, sent already.

    ``point``: WGS-84. ``pick``: where the map was pressed, as shares of its width and height; ``framed``: what it
    showed. ``offered``: the category that the words suggested when the form was shown."""

    key: str
    channel: str = "window"
    kind: str = "hazard"
    text: str = ""
    address: str = ""
    point: tuple[float, float] | None = None
    pick: tuple[float, float] | None = None
    framed: str = ""
    category: str = ""
    offered: str = ""
    photos: tuple[str, ...] = ()
    same_as: str = ""
    outside_number: str = ""
    name: str = ""
    phone: str = ""
    consent: bool = False
    confidential: bool = False
    about_us: bool = False
    done: str = FOUND
    how: str = "repair"
    how_text: str = ""
    after: tuple[str, ...] = ()

    @property
    def is_patrol(self) -> bool:
        return self.channel == PATROL

    @property
    def is_handled(self) -> bool:
        return self.is_patrol and self.done == HANDLED

    @property
    def names_somebody(self) -> bool:
        return bool(self.name or self.phone)

    def body(self, now: datetime) -> dict[str, Any]:
        """What intake is sent."""
        body: dict[str, Any] = {"kind": self.kind, "description": self.text, "channel": self.channel}
        location: dict[str, Any] = {"address": self.address} if self.address else {}
        if self.point is not None:
            location |= {"lon": self.point[0], "lat": self.point[1], "crs": "wgs84"}
        given = {
            "location": location,
            "category": self.category,
            "photos": list(self.photos),
            "same_as": "" if self.is_handled else self.same_as,
            "outside_number": self.outside_number,
        }
        body |= {name: value for name, value in given.items() if value}
        if self.about_us:
            body["about_us"] = True
        if self.is_patrol:
            return body | ({"handled": self._handled(now)} if self.is_handled else {})
        return body | ({"reporter": self._reporter()} if self.names_somebody or self.confidential else {})

    def _handled(self, now: datetime) -> dict[str, Any]:
        after = {"photos": list(self.after)} if self.after else {}
        return {"how": self.how, "text": self.how_text, "at": now.isoformat(), **after}

    def _reporter(self) -> dict[str, Any]:
        """A number is the same person each time; who left none is somebody of this draft alone."""
        who = {"ref": self.phone or f"entered-{self.key}", "confidential": self.confidential}
        return who | {name: value for name, value in (("name", self.name), ("phone", self.phone)) if value}


def draft_of(form: Form, key: str) -> Draft:
    """``key``: for a form that has none."""
    channels = {code for code, _ in CHANNELS} | {PATROL}
    channel, kind = form.get("channel"), form.get("kind")
    return Draft(
        key=form.get("draft")[:64] or key,
        channel=channel if channel in channels else "window",
        kind=kind if kind in {code for code, _ in KINDS} else "hazard",
        text=form.get("text").replace("\r\n", "\n"),
        address=form.get("address"),
        point=_pair(form.get("lon"), form.get("lat"), 180, 90),
        pick=_pair(*_two(form.get("pick")), 1, 1),
        framed=form.get("framed"),
        category=form.get("category"),
        offered=form.get("offered"),
        photos=tuple(form.all("photo")[:PHOTOS_MAX]),
        same_as=form.get("same_as"),
        outside_number=form.get("outside_number"),
        name=form.get("name"),
        phone=form.get("phone"),
        consent=form.get("consent") == "yes",
        confidential=form.get("confidential") == "yes",
        about_us=form.get("about_us") == "yes",
        done=HANDLED if form.get("done") == HANDLED else FOUND,
        how=form.get("how") or "repair",
        how_text=form.get("how_text").replace("\r\n", "\n"),
        after=tuple(form.all("after")[:PHOTOS_MAX]),
    )


def pair_of(given: str) -> tuple[float, float] | None:
    """Longitude and latitude, WGS-84, of an address; None for anything else."""
    return _pair(*_two(given), 180, 90)


def _two(given: str) -> tuple[str, str]:
    first, _, second = given.partition(",")
    return first, second


def _pair(first: str, second: str, most_first: float, most_second: float) -> tuple[float, float] | None:
    """Two numbers in their bounds; None for anything else."""
    try:
        x, y = float(first), float(second)
    except ValueError:
        return None
    return (x, y) if abs(x) <= most_first and abs(y) <= most_second else None
