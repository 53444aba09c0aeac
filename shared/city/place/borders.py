"""Whether a point is near a border between units, so that a neighbour may be the right one."""

import numpy as np
import numpy.typing as npt

from shared.city.place.areas import AreaIndex, AreasAtPoint, Floats, Ints
from shared.city.place.tree import Tree

BORDER_METRES = 25.0


class Borders:
    """The borders of one pack's ``tree``. Only the outermost ground of an answering unit has a border: between two
    grids of one queue there is none."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._ground: dict[int, npt.NDArray[np.bool_]] = {}

    def near(self, index: AreaIndex, unit: str, around: AreasAtPoint) -> tuple[str, ...]:
        """Other answering units within 25 m; ``unit`` itself if only its own outer border is within 25 m."""
        path = self._tree.units[unit].path
        near = {self._tree.answering(index.units[area]) for area in around.reached}.difference(path)
        if near:
            return tuple(sorted(near))
        own = any(self._tree.answering(index.units[area]) == unit for area in around.edges)
        return (unit,) if own or (around.reached and not around.covering) else ()

    def grounds(self, index: AreaIndex) -> npt.NDArray[np.bool_]:
        """Which areas are the outermost ground of the unit that answers for them; cached."""
        if id(index) not in self._ground:  # an index lives as long as the pack
            answers = [self._tree.answering(name) for name in index.units]
            self._ground[id(index)] = np.array(
                [self._is_ground(*pair) for pair in zip(index.units, answers, strict=True)], dtype=bool
            )
        return self._ground[id(index)]

    def _is_ground(self, within: str, unit: str) -> bool:
        """Whether ``within`` is the outermost ground for which ``unit`` answers, so that its edge is a border."""
        parent = self._tree.units[within].parent
        return self._tree.answering(within) == unit and (parent is None or self._tree.answering(parent) != unit)

    def near_many(self, index: AreaIndex, unit: Ints, lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
        """``near`` for many points. ``unit``: the number of the answering unit, −1 outside all areas."""
        near = np.zeros(len(lon), dtype=bool)
        number = {name: i for i, name in enumerate(self._tree.units)}
        depth = max(len(known.path) for known in self._tree.units.values())
        paths = np.full((len(number) + 1, depth), -1, dtype=np.intp)
        for name, i in number.items():
            path = [number[above] for above in self._tree.units[name].path]
            paths[i, : len(path)] = path
        answer = np.array([number[self._tree.answering(name)] for name in index.units], dtype=np.intp)
        ground = self.grounds(index)
        point, area = index.reach_many(lon, lat, BORDER_METRES)
        above = (paths[unit[point]] == answer[area][:, None]).any(axis=1)
        near[point[~above]] = True
        own = (answer[area] == unit[point]) & ground[area]
        point, area = point[own], area[own]
        near[point[index.edges_many(area, index.plane(lon[point], lat[point]), BORDER_METRES)]] = True
        return near
