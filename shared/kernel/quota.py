"""Rate limiting: a token bucket per name, stored as one number (the generic cell rate algorithm)."""

from collections import OrderedDict

NAMES_MAX = 20_000
_ROUNDING = 1e-6


class Quota:
    """Buckets by name. Stored is the time at which a bucket is full again.

    Above ``names_max`` the least recently used bucket is dropped, which makes it full.
    """

    def __init__(self, names_max: int = NAMES_MAX) -> None:
        self._names_max = names_max
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str, now: float, rate: float, burst: float, amount: float = 1) -> float:
        """Take ``amount`` from a bucket: 0.0 when granted, else the seconds until it would be; then nothing is taken.

        ``now``: seconds. ``rate``: refill per second. ``burst``: the bucket's size; ``amount`` is at most ``burst``.
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
