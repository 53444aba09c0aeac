"""Point → unit in bulk, beside a raw ``shapely.STRtree`` over the same polygons; conversion of coordinates apart."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely

from bench.city import SIDE, SOUTH, WEST, Made
from bench.report import Row, show
from shared.city.place.datum import to_wgs84
from shared.city.reading import read_folder, read_pack

POINTS = 200_000
ROUNDS = 5
CITIES = {300: 20, 30_000: 200}
"""Communities → how many lie side by side."""
CONVERTED = 20_000
REACH = {"300: of raw STRtree": "≥ 0.5", "30000: of raw STRtree": "≥ 0.5", "30000: pack read": "≤ 15"}


def best(work: Callable[[], object]) -> float:
    """The shortest of some rounds, in seconds: others use the machine too."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def measured(communities: int, across: int) -> list[Row]:
    """Both ways over the same points; they must name the same areas."""
    city = Made(communities, across)
    with tempfile.TemporaryDirectory() as folder:
        files = read_folder(city.write(Path(folder)))
        began = time.perf_counter()
        pack = read_pack(files)
        took = time.perf_counter() - began
    chance = np.random.default_rng(20261124)
    lon = WEST + chance.random(POINTS) * across * SIDE
    lat = SOUTH + chance.random(POINTS) * (communities // across) * SIDE
    tree = shapely.STRtree([shapely.Polygon(city.square(n)) for n in range(communities)])
    raw = best(lambda: tree.query(shapely.points(lon, lat), predicate="intersects"))
    ours = best(lambda: pack.locate_many(lon, lat))
    points, areas = tree.query(shapely.points(lon[:1000], lat[:1000]), predicate="intersects")
    located = pack.locate_many(lon[:1000], lat[:1000])
    right = dict(zip(points.tolist(), areas.tolist(), strict=True))
    names = [located.units[place] for place in located.unit.tolist()]
    assert all(names[p] == f"c{a}" for p, a in right.items())
    return [
        (f"{communities}: raw STRtree", POINTS / raw, "points/s"),
        (f"{communities}: ours", POINTS / ours, "points/s"),
        (f"{communities}: of raw STRtree", raw / ours, ""),
        (f"{communities}: pack read", took, "s"),
    ]


def main() -> None:
    """Small and large."""
    rows = [row for communities, across in CITIES.items() for row in measured(communities, across)]
    began = time.perf_counter()
    for n in range(CONVERTED):
        to_wgs84(120.0 + n / CONVERTED, 33.0, "gcj02")
    rows.append(("conversion from GCJ-02", (time.perf_counter() - began) / CONVERTED * 1e6, "µs/point"))
    show("locate", "point → unit", rows, REACH)


if __name__ == "__main__":
    main()
