"""Counts repeated writes that had no effect. A fault test that provokes repeats reads it: 0 means it proved nothing."""

from prometheus_client import Counter

_ABSORBED = Counter("whistle_duplicates_absorbed_total", "Repeated writes that changed nothing.", ["what"])


def count_duplicates(what: str, count: int) -> None:
    """``count`` writes of ``what`` (events, cases, alerts, …) were repeats; 0 is not shown."""
    if count:
        _ABSORBED.labels(what).inc(count)
