"""When a stack begins whose people are to be at work: those of the demo, the tests and the benchmarks."""

from datetime import datetime
from zoneinfo import ZoneInfo


def working_morning(zone: str) -> datetime:
    """A Wednesday at ten in ``zone``: no holiday anywhere, every desk of our packs is on duty, no hand-over is near.

    It is in June, so that ten in Amsterdam is four in the afternoon in Shanghai and both cities work.
    """
    return datetime(2026, 6, 10, 10, tzinfo=ZoneInfo(zone))
