"""The field types of a city pack's entries: names, words, times and points, each with its limits.

Times of day are ``HH:MM``, dates ``YYYY-MM-DD``, durations ISO 8601, points ``[lon, lat]`` in WGS-84 degrees.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,120}$", description="letters, digits and _ . : -")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=4000)]
Word = Annotated[str, Meta(min_length=1, max_length=60)]
AppName = Annotated[str, Meta(pattern=r"^@?[A-Za-z0-9_.-]{1,60}$", description="the name that its key was made for")]
Iso = Annotated[str, Meta(pattern=r"^P[0-9A-Z.,]+$", description="ISO 8601 duration: PT10M, PT8H, P3D")]
Target = Annotated[
    str, Meta(pattern=r"^(P[0-9A-Z.,]+|none)$", description="ISO 8601 duration: PT10M, PT8H, P3D; or none: no promise")
]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="local time, HH:MM")]
Hours = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Point = tuple[Lon, Lat]
Fraction = Annotated[float, Meta(gt=0, le=1)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DutyDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of a file."""
