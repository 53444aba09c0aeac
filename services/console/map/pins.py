"""How a case looks on a map: its shape says the clock, so that colour alone says nothing."""

from datetime import datetime, timedelta
from typing import Literal

from services.console.frame.languages import N_
from services.console.map.calls import MapPoint

Tone = Literal["late", "soon", "calm", "none"]
SOON = timedelta(hours=1)
TONES: tuple[Tone, ...] = ("late", "soon", "calm", "none")
"""The worst first."""
LEGEND: tuple[tuple[Tone, str], ...] = (
    ("late", N_("Overdue")),
    ("soon", N_("Due within an hour")),
    ("calm", N_("In time")),
    ("none", N_("No deadline")),
)
SHAPES: dict[Tone, str] = {
    "late": "M0 -9L9 7H-9Z",
    "soon": "M0 -9L9 0L0 9L-9 0Z",
    "calm": "M7 0A7 7 0 1 1 -7 0A7 7 0 1 1 7 0Z",
    "none": "M-6 -6H6V6H-6Z",
}
"""Paths of SVG around 0, 0: triangle, diamond, disc, square. The script draws them too."""


def tone_of(point: MapPoint, now: datetime) -> Tone:
    if point.due_at is None:
        return "late" if point.clock == "breached" else "none"
    if point.due_at <= now:
        return "late"
    return "soon" if point.due_at - now < SOON else "calm"
