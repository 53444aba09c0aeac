"""ISO 8601 durations: what is read, what is refused, and that writing one down loses nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.durations import Duration, DurationError, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P2D", Duration(2)),
        ("P2W", Duration(14)),
        ("P0D", Duration()),
        ("PT8H", Duration(0, 8 * 3600)),
        ("PT30M", Duration(0, 1800)),
        ("PT10S", Duration(0, 10)),
        ("PT0.5H", Duration(0, 1800)),
        ("PT1H0,5M", Duration(0, 3630)),
        ("PT0.0125S", Duration(0, 0.012)),
        ("P1DT4H30M", Duration(1, 4 * 3600 + 1800)),
        ("PT36H", Duration(0, 36 * 3600)),
        ("P36525D", Duration(36_525)),
    ],
)
def test_an_iso_duration_is_read(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write days"),
        ("P", "Write days"),
        ("PT", "Write days"),
        ("P1DT", "Write days"),
        ("2D", "Write days"),
        ("p2d", "Write days"),
        (" P2D", "Write days"),
        ("P2D\n", "Write days"),
        ("PT5M3H", "Write days"),
        ("P1W2D", "Write days"),
        ("P٣D", "Write days"),
        ("PT1.H", "Write days"),
        ("P1Y", "no fixed length"),
        ("P3M", "no fixed length"),
        ("P1Y2M3D", "no fixed length"),
        ("-P1D", "no sign"),
        ("P-1D", "no sign"),
        ("+P1D", "no sign"),
        ("P1.5D", "fraction of a day"),
        ("P0.5W", "fraction of a day"),
        ("PT1.5H30M", "smallest unit"),
        ("P36526D", "century"),
        ("P999999999W", "century"),
        ("PT999999999H", "century"),
    ],
)
def test_it_refuses_with_advice(text: str, says: str) -> None:
    with pytest.raises(DurationError, match=says):
        parse_duration(text)


@pytest.mark.parametrize(("days", "seconds"), [(-1, 0), (0, -1), (0, float("nan")), (0, float("inf"))])
def test_no_impossible_duration_exists(days: int, seconds: float) -> None:
    with pytest.raises(DurationError):
        Duration(days, seconds)


@pytest.mark.parametrize(
    ("text", "normal"),
    [("P1W", "P7D"), ("PT90M", "PT1H30M"), ("PT0S", "P0D"), ("PT48H", "PT48H"), ("PT1.50S", "PT1.5S")],
)
def test_a_duration_is_written_in_its_normal_form(text: str, normal: str) -> None:
    assert str(parse_duration(text)) == normal


@given(st.integers(0, 36_525), st.integers(0, 10**10))
def test_writing_and_reading_gives_the_same(days: int, millis: int) -> None:
    duration = Duration(days, millis / 1000)
    assert parse_duration(str(duration)) == duration
    assert duration.millis == millis


@given(st.text(alphabet="PTWDHMSY0123456789.,-+ ", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        duration = parse_duration(text)
    except DurationError:
        return
    assert parse_duration(str(duration)) == duration
