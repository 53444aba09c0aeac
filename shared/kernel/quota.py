"""A quota: so many a second on average, so many at once. A token bucket, kept as one number per name."""

from collections import OrderedDict

NAMES_MAX = 20_000
_ROUNDING = 1e-6


class Quota:
    """Buckets by name, the least recently used forgotten first (a forgotten one is a full one).

    What is kept is when a bucket will be full again: the generic cell rate algorithm.
    """

    def __init__(self, names_max: int = NAMES_MAX) -> None:
        self._names_max = names_max
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str, now: float, rate: float, burst: float, amount: float = 1) -> float:
        """0.0 when ``amount`` is granted, else the seconds until it would be; what is refused takes nothing.

        ``now`` in seconds, ``rate`` a second, ``burst`` at once, both above 0, ``amount`` at most ``burst``.
        """
        full_at = max(self._full_at.get(name, now), now) + amount / rate
        wait = full_at - now - burst / rate
        if wait > _ROUNDING:
            return wait
        self._full_at[name] = full_at
        self._full_at.move_to_end(name)
        if len(self._full_at) > self._names_max:
            self._full_at.popitem(last=False)
        return 0.0
