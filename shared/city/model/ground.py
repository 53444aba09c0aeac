"""Units, the areas that they are responsible for, and the places that reports name."""

from datetime import date
from typing import Literal

import msgspec

from shared.city.model.channels import Channels
from shared.city.model.entry import Entry, Id, Name, Point, Word


class UnitEntry(Entry, frozen=True, kw_only=True):
    """``units.yaml``. ``answers_for``: units whose ground this one answers for, or ``rest``: what no area covers."""

    id: Id
    level: Word
    parent: Id | None = None
    name: Name
    name_en: str = ""
    aliases: tuple[Word, ...] = ()
    code: str = ""
    answers_for: Literal["rest"] | tuple[Id, ...] | None = None
    layer: Word | None = None
    channels: Channels = {}


class Unit(UnitEntry, frozen=True, kw_only=True):
    """A unit with its ``path``: ids of units from the root down to itself."""

    path: tuple[str, ...]


class Place(Entry, frozen=True, kw_only=True):
    """``places.yaml``. ``buildings``: number → its own point, or null when only the number is known."""

    id: Id | None = None
    name: Name
    name_en: str = ""
    kind: Word = "landmark"
    aliases: tuple[Word, ...] = ()
    unit: Id | None = None
    point: Point | None = None
    buildings: dict[str, Point | None] = {}

    @property
    def known_as(self) -> str:
        """Its id, or its name if it has none."""
        return self.id or self.name


class NoLocation(Entry, frozen=True, kw_only=True):
    """A point that some system sends for "unknown", such as the city hall."""

    point: Point
    name: str = ""


class AreaProperties(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of a feature in ``areas.geojson``; others (of editors) are ignored."""

    unit: Id
    valid_from: date | None = None
    valid_to: date | None = None
