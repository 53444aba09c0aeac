"""The responsible units, the places where people say things are, and the areas between them."""

from datetime import date
from typing import Literal

import msgspec

from shared.city.model.channels import Channels
from shared.city.model.entry import Entry, Id, Name, Point, Word


class UnitEntry(Entry, frozen=True, kw_only=True):
    """``units.yaml``. ``answers_for`` is ``rest`` or the units whose ground this one answers for."""

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
    """A unit and its ``path``: unit ids from the root down to itself."""

    path: tuple[str, ...]


class Place(Entry, frozen=True, kw_only=True):
    """``places.yaml``. ``buildings``: number → its own point, or nothing when only the number is known."""

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
        """Its id; a place without one is known by its name."""
        return self.id or self.name


class NoLocation(Entry, frozen=True, kw_only=True):
    """A point that stands for "unknown": some system's default, a city hall."""

    point: Point
    name: str = ""


class AreaProperties(msgspec.Struct, frozen=True, kw_only=True):
    """What ``areas.geojson`` says of a feature; other properties (an editor's) are let be."""

    unit: Id
    valid_from: date | None = None
    valid_to: date | None = None
