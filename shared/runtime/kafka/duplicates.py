"""Duplicates that were absorbed: what happened twice and counted once. A fault test that sees none proved nothing."""

from prometheus_client import Counter

_ABSORBED = Counter("whistle_duplicates_absorbed_total", "Repeated writes that changed nothing.", ["what"])


def absorbed(what: str, count: int) -> None:
    """``count`` repetitions of ``what`` changed nothing."""
    if count:
        _ABSORBED.labels(what).inc(count)
