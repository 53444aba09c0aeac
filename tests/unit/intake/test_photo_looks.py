"""What a photo looks like: copies are known, others are not taken for them, and what shows little says nothing."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.photo import LOOKS_SIZE, looks_of
from services.router.domain.same_hazard.similarity import COPY_BITS
from tests.kit.made_pictures import COPIES, door, lamp, looks, shade, street, wall

SEEDS = range(16)
GREYS = st.lists(st.integers(0, 200), min_size=72, max_size=72)


@cache
def streets() -> list[str]:
    """Of pictures with enough in them: each has its looks."""
    found = [looks(street(seed)) for seed in SEEDS]
    assert None not in found
    return [one for one in found if one is not None]


def apart(one: str, other: str) -> int:
    """Bits."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_known(kind: str) -> None:
    """Decision 0012 has the figures of 150 pictures."""
    bits = sorted(apart(looks(COPIES[kind](street(seed))) or "", streets()[seed]) for seed in SEEDS)
    assert bits[len(bits) // 2] <= 5
    assert sum(one <= COPY_BITS for one in bits) >= 0.8 * len(bits)


def test_other_pictures_are_not_taken_for_a_copy() -> None:
    bits = [apart(one, other) for i, one in enumerate(streets()) for other in streets()[:i]]
    assert min(bits) > COPY_BITS + 2
    assert 28 <= sum(bits) / len(bits) <= 34


@pytest.mark.parametrize("kind", [lamp, wall, shade])
def test_a_lone_lamp_a_wall_and_a_shade_say_nothing(kind: object) -> None:
    assert [looks(kind(seed)) for seed in SEEDS] == [None] * len(SEEDS)  # type: ignore[operator]


def test_simple_things_may_look_alike_which_is_why_a_photo_never_stands_alone() -> None:
    doors = [one for seed in SEEDS if (one := looks(door(seed))) is not None]
    pairs = [(one, other) for i, one in enumerate(doors) for other in doors[:i]]
    assert 0 < sum(apart(*pair) <= COPY_BITS for pair in pairs) / len(pairs) < 0.4


def rows(*greys: int) -> list[int]:
    """The same row eight times."""
    return [*greys] * LOOKS_SIZE[1]


def test_a_bit_says_that_it_grows_brighter_to_the_right_the_top_left_one_first() -> None:
    assert looks_of(rows(0, 9, 0, 9, 0, 9, 0, 9, 0)) == "aa" * 8
    assert looks_of([*rows(0, 9, 0, 9, 0, 9, 0, 9, 0)[:63], *(9, 0, 9, 0, 9, 0, 9, 0, 9)]) == "aa" * 7 + "55"


@pytest.mark.parametrize(
    "greys",
    [
        rows(*[7] * 9),
        rows(0, 3, 0, 3, 0, 3, 0, 3, 0),
        rows(0, 20, 40, 60, 80, 100, 120, 140, 160),
        rows(160, 140, 120, 100, 80, 60, 40, 20, 0),
        rows(0, 200, 200, 200, 200, 200, 200, 200, 200),
    ],
    ids=["flat", "faint", "brighter", "darker", "one edge"],
)
def test_too_little_to_see_is_none(greys: list[int]) -> None:
    assert looks_of(greys) is None


@given(GREYS, st.integers(0, 55))
def test_more_light_changes_nothing(greys: list[int], light: int) -> None:
    found = looks_of(greys)
    assert looks_of([grey + light for grey in greys]) == found
    assert found is None or (len(found) == 16 and int(found, 16) >= 0)
