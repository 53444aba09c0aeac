"""A map drawn by the server: areas, and cases as pins. It prints, and is all there is where no script runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.console.case.answers import Ground, Ring
from services.console.case.situation_map import Projection
from services.console.map.calls import MapGround, MapPoint
from services.console.map.pins import SHAPES, TONES, Tone, tone_of

PINS_MAX = 300


@dataclass(frozen=True, slots=True)
class Area:
    """``look``: the tone of its worst clock, ``quiet`` without open cases, or ``whole``: the unit itself. ``label``:
    empty where there is no room for it; ``mark``: the shape of the tone, drawn at ``mark_x`` before the label."""

    name: str
    path: str
    look: str
    x: float
    y: float
    label: str = ""
    mark: str = ""
    mark_x: float = 0.0


@dataclass(frozen=True, slots=True)
class Pin:
    id: str
    x: float
    y: float
    tone: Tone
    path: str
    danger: bool


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    letter: int
    areas: tuple[Area, ...]
    pins: tuple[Pin, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What an area is coloured by: ``tone`` of its worst clock, and how many cases have it."""

    tone: Tone
    count: int


def picture(
    ground: MapGround,
    unit: str,
    points: Sequence[MapPoint],
    now: datetime,
    language: str,
    *,
    size: tuple[int, int] = (640, 480),
    letter: int = 15,
    counted: Mapping[str, Counted] | None = None,
) -> Picture | None:
    """None where neither ground nor point is known. ``letter``: height of labels; ``counted``: by unit. The shapes grow
    with the labels."""
    corners = [at for one in ground.features if one.id == unit for at in _outline(one)]
    corners = corners or [at for one in ground.features for at in _outline(one)]
    corners = corners or [(one.lon, one.lat) for one in points]
    if not corners:
        return None
    projection = Projection(corners, float(size[0]), float(size[1]))
    areas = [_area(one, projection, unit, counted or {}, language) for one in ground.features]
    pins = [_pin(one, projection, now) for one in points[:PINS_MAX]]
    pins.sort(key=lambda pin: (pin.danger, -TONES.index(pin.tone)))
    return Picture(*size, letter, _labelled(areas, letter), tuple(pins))


def _outline(one: Ground) -> Ring:
    return tuple(at for shape in one.geometry.coordinates for at in shape[0])


def _area(one: Ground, projection: Projection, unit: str, counted: Mapping[str, Counted], language: str) -> Area:
    rings = [[projection.at(*at) for at in ring] for shape in one.geometry.coordinates for ring in shape]
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in rings)
    widest = max(rings, key=len, default=[(0.0, 0.0)])
    xs, ys = [x for x, _ in widest], [y for _, y in widest]
    of = counted.get(one.id)
    name = one.properties.name if language == "zh" else one.properties.name_en or one.properties.name
    look = "whole" if one.id == unit else of.tone if of is not None else "quiet"
    label = "" if one.id == unit else f"{name} {of.count}" if of is not None else name
    mark = SHAPES[of.tone] if of is not None else ""
    return Area(name, path, look, (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, label, mark)


def _labelled(areas: Sequence[Area], letter: int) -> tuple[Area, ...]:
    """The worst first; a label that would cover another is left out, and its area still has its name as title."""
    taken: list[tuple[float, float, float]] = []
    marked: dict[str, float] = {}
    order = [*TONES, "quiet"]
    for one in sorted(areas, key=lambda area: order.index(area.look) if area.look in order else len(order)):
        half = sum(letter if ord(sign) > 255 else letter * 0.55 for sign in one.label) / 2 + letter * 0.6
        if one.label and all(abs(one.y - y) > letter * 1.25 or abs(one.x - x) > half + other for x, y, other in taken):
            taken.append((one.x, one.y, half))
            marked[one.path] = one.x - half
    ordered = sorted(areas, key=lambda area: area.look != "whole")
    return tuple(
        replace(one, mark_x=marked[one.path]) if one.path in marked else replace(one, label="", mark="")
        for one in ordered
    )


def _pin(one: MapPoint, projection: Projection, now: datetime) -> Pin:
    tone = tone_of(one, now)
    x, y = projection.at(one.lon, one.lat)
    return Pin(one.id, x, y, tone, SHAPES[tone], one.priority == "danger")
