"""ISO 8601 durations of commitments: whole days of a calendar, then hours, minutes and seconds of working time."""

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

_AMOUNT = r"[0-9]{1,9}(?:[.,][0-9]{1,9})?"
_SHAPE = re.compile(
    rf"P(?:(?P<W>{_AMOUNT})W|(?:(?P<D>{_AMOUNT})D)?"
    rf"(?P<T>T(?:(?P<h>{_AMOUNT})H)?(?:(?P<m>{_AMOUNT})M)?(?:(?P<s>{_AMOUNT})S)?)?)"
)
_CENTURY_DAYS = 36_525
_MILLIS = {"h": 3_600_000, "m": 60_000, "s": 1000}


class DurationError(ValueError):
    """The text is not a duration for a clock; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Duration:
    """``days`` of a calendar and, after them, ``seconds`` of its working time (whole milliseconds).

    The two never convert into each other: a day of a calendar has no fixed length, and PT24H is not P1D.
    Raises DurationError when either is negative or longer than a century.
    """

    days: int = 0
    seconds: int | float = 0

    def __post_init__(self) -> None:
        if not (0 <= self.days <= _CENTURY_DAYS and 0 <= self.seconds <= _CENTURY_DAYS * 86_400):
            raise DurationError(f"{self.days} days and {self.seconds} seconds: not from nothing to a century.")

    @property
    def millis(self) -> int:
        """The part that is working time, in milliseconds."""
        return round(self.seconds * 1000)

    def plain(self) -> timedelta:
        """As elapsed time with days of 24 hours, which is its meaning on the calendar ``always``."""
        return timedelta(self.days, 0, 0, self.millis)

    def __str__(self) -> str:
        """The normal form, which ``parse_duration`` reads back: ``P2D``, ``PT36H``, ``P1DT1H30M``, zero ``P0D``."""
        hours, rest = divmod(self.millis, _MILLIS["h"])
        minutes, rest = divmod(rest, _MILLIS["m"])
        seconds = f"{Decimal(rest) / 1000:f}"
        work = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n not in (0, "0"))
        days = f"{self.days}D" if self.days or not work else ""
        return f"P{days}{'T' if work else ''}{work}"


def parse_duration(text: str) -> Duration:
    """Reads ``PnD``, ``PnW`` (7 days a week), ``PTnH``, ``PTnM``, ``PTnS`` and mixtures such as ``P1DT4H30M``.

    The last of hours, minutes and seconds may have a fraction (point or comma), kept to the millisecond.
    Raises DurationError for anything else: years, months, signs, fractions of days, nothing after ``P`` or ``T``.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None or text == "P" or shape["T"] == "T":
        raise DurationError(f"{text!r} is not a duration. {_advice(text)}")
    weeks, days = shape["W"] or "0", shape["D"] or "0"
    if not (weeks + days).isdigit():
        raise DurationError(f"{text!r} has a fraction of a day. Write the rest as hours, as in P1DT12H.")
    work = [(unit, shape[unit].replace(",", ".")) for unit in _MILLIS if shape[unit]]
    if any("." in amount for _, amount in work[:-1]):
        raise DurationError(f"{text!r} has a fraction before its smallest unit. Only the last amount may have one.")
    millis = round(sum(Decimal(amount) * _MILLIS[unit] for unit, amount in work))
    seconds, rest = divmod(millis, 1000)
    return Duration(int(weeks) * 7 + int(days), millis / 1000 if rest else seconds)


def _advice(text: str) -> str:
    date_part = text.partition("T")[0]
    if "-" in text or "+" in text:
        return "It takes no sign."
    if "Y" in date_part or "M" in date_part:
        return "Years and months have no fixed length: write days (P30D), and minutes after a T (PT30M)."
    return "Write days (P2D), weeks (P1W), working time (PT4H, PT30M, PT10S) or days and time (P1DT4H)."
