"""What the routes of cities and keys answer."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

KeyRole = Literal["rider_app", "importer", "ops", "officer", "service", "wall"]


class LoadedPack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that holds from now on. ``warnings``: file, place and message of each."""

    city: str
    version: str
    units: int
    warnings: list[str]


class CityEntry(msgspec.Struct, frozen=True, kw_only=True):
    """``version``: of its pack; ``shadow``: it only tries the system out; ``demonstration``: it only shows the system;
    ``administrators``: how many, for operators."""

    city: str
    version: str
    name: str
    shadow: bool
    demonstration: bool
    timezone: str
    administrators: int | UnsetType = UNSET


class CityList(msgspec.Struct, frozen=True):
    items: list[CityEntry]


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """``key``: in the first answer alone."""

    city: str
    name: str
    role: KeyRole
    key: str | UnsetType = UNSET


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its token. ``made_by``: null for what the installation made itself."""

    id: str
    city: str
    name: str | None
    role: KeyRole
    made_by: str | None
    created_at: datetime
    revoked_at: datetime | None


class KeyPage(msgspec.Struct, frozen=True):
    items: list[KeyEntry]
    next: str | None


class RevokedKeys(msgspec.Struct, frozen=True):
    """How many keys ended."""

    revoked: int


class RotatedTokens(msgspec.Struct, frozen=True):
    """``generation``: of the installation's own tokens."""

    generation: int


class DevelopmentPerson(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    unit: str
    role: str
    post: str | None
    token: str


class DevelopmentAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Development: keys of three apps, and a token for everybody."""

    city: str
    app_key: str
    app_key_2: str
    importer_key: str
    people: list[DevelopmentPerson]
